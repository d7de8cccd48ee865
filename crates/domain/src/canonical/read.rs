//! Reading a payload: form first, then what only the whole can tell.

use serde::de::DeserializeOwned;

use super::Happening;

/// A payload of one family of canonical types.
pub(super) trait Payload: DeserializeOwned {
    /// What may follow the dot in the type.
    type Action: Copy;

    /// Does it carry what its action needs? `Err` is `field: problem`.
    fn check(&self, action: Self::Action) -> Result<(), String>;
}

impl<T: Payload> Payload for Box<T> {
    type Action = T::Action;

    fn check(&self, action: T::Action) -> Result<(), String> {
        T::check(self, action)
    }
}

/// Reads and checks a payload; `None` if there is no such action.
pub(super) fn read<T: Payload>(
    data: &[u8],
    action: Option<T::Action>,
    wrap: fn(T::Action, T) -> Happening,
) -> Option<Result<Happening, String>> {
    let action = action?;
    Some(parse(data).and_then(|event: T| {
        event.check(action)?;
        Ok(wrap(action, event))
    }))
}

/// Reads JSON. Only when that fails it reads once more with an eye on where, because tracking the path costs time.
fn parse<T: DeserializeOwned>(data: &[u8]) -> Result<T, String> {
    let plain = match serde_json::from_slice(data) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    let mut source = serde_json::Deserializer::from_slice(data);
    match serde_path_to_error::deserialize::<_, T>(&mut source) {
        Err(error) if error.path().iter().next().is_some() => Err(format!("{}: {}", error.path(), error.inner())),
        _ => Err(plain.to_string()),
    }
}
