//! How long an event may be compared with triggers. What somebody else wrote decides how long that takes, and a regular
//! expression can take a thousand times longer than most.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use domain::ports::Clock;

/// The longest that the triggers of one request are compared: hosts give up on the answer then.
const LIMIT: Duration = Duration::from_secs(10);
/// The clock is asked each time that so many bytes were compared.
const STEP: usize = 4 * 1024;
/// What a comparison costs beside its bytes, in bytes.
const EACH: usize = 16;

/// Time that is left.
pub(crate) struct Patience {
    /// `None`: for ever.
    until: Option<(Arc<dyn Clock>, Duration)>,
    /// Bytes compared since the clock was asked.
    spent: Cell<usize>,
    over: Cell<bool>,
}

impl Patience {
    /// From now on.
    pub(crate) fn new(clock: &Arc<dyn Clock>) -> Self {
        Self::until(Some((Arc::clone(clock), clock.monotonic() + LIMIT)))
    }

    /// For people who wait themselves.
    pub(crate) fn endless() -> Self {
        Self::until(None)
    }

    fn until(until: Option<(Arc<dyn Clock>, Duration)>) -> Self {
        Self { until, spent: Cell::new(0), over: Cell::new(false) }
    }

    /// So many bytes are about to be compared. True: there is no time for them.
    pub(super) fn ends(&self, bytes: usize) -> bool {
        self.spent.set(self.spent.get() + bytes + EACH);
        if self.spent.get() >= STEP && !self.over.get() {
            self.spent.set(0);
            self.over.set(self.until.as_ref().is_some_and(|(clock, until)| clock.monotonic() > *until));
        }
        self.over.get()
    }

    /// Was there too little time?
    pub(super) fn is_over(&self) -> bool {
        self.over.get()
    }
}
