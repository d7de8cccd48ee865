//! Payloads (contract github section 4).
