//! `multipart/form-data`, as `curl -F` and PyGithub send it.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::stream::once;
use multer::{Field, Multipart, parse_boundary};

use super::{FormError, push};

/// Reads the parts. File names and content types of parts are of no interest: all parts are text.
pub(super) fn read(content_type: &str, body: &Bytes) -> Result<Vec<(String, String)>, FormError> {
    let boundary = parse_boundary(content_type).map_err(|_| FormError::Malformed)?;
    let whole = std::future::ready(Ok::<_, Infallible>(body.clone()));
    let parts = Multipart::new(once(whole), boundary);
    // The body is all there, so there is nothing to wait for: what still waits has no end.
    read_parts(parts).now_or_never().unwrap_or(Err(FormError::Malformed))
}

async fn read_parts(mut parts: Multipart<'_>) -> Result<Vec<(String, String)>, FormError> {
    let mut fields = Vec::new();
    while let Some(part) = parts.next_field().await.map_err(|_| FormError::Malformed)? {
        push(&mut fields, read_part(part).await?)?;
    }
    Ok(fields)
}

async fn read_part(part: Field<'_>) -> Result<(String, String), FormError> {
    let name = part.name().ok_or(FormError::Malformed)?.to_owned();
    let value = part.bytes().await.map_err(|_| FormError::Malformed)?;
    let value = String::from_utf8(value.into()).map_err(|_| FormError::NotUtf8)?;
    Ok((name, value))
}
