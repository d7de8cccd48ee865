//! Connections waiting for their next request (E-11).

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http2;

use super::http1::Http1;

/// Most idle HTTP/1 connections kept for one destination: its whole bulkhead (D-22).
const MAX_IDLE: usize = 64;

/// The client side of one connection.
pub(super) enum Wire {
    /// One request at a time.
    Http1(Http1),
    /// Many at once.
    Http2(http2::SendRequest<Full<Bytes>>),
}

/// What connections must have in common to be used for the same requests. The policy version is the pool's generation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct PoolKey {
    /// `https`.
    pub(super) tls: bool,
    /// The TLS profile.
    pub(super) insecure: bool,
    /// Host and port, as in the `Host` header.
    pub(super) authority: Bytes,
}

/// A connection in use.
pub(super) struct Lent {
    /// The connection.
    pub(super) wire: Wire,
    /// When it was made.
    born: Duration,
    generation: u64,
    /// It has carried a request before.
    pub(super) reused: bool,
}

struct Idle {
    lent: Lent,
    since: Duration,
}

/// All idle connections.
pub(super) struct Pool {
    idle: Mutex<HashMap<PoolKey, Vec<Idle>>>,
    /// Rises with each policy change; connections of older ones are dropped.
    generation: AtomicU64,
    idle_limit: Duration,
    max_age: Duration,
}

impl Pool {
    /// Empty.
    pub(super) fn new(idle_limit: Duration, max_age: Duration) -> Arc<Self> {
        Arc::new(Self { idle: Mutex::default(), generation: AtomicU64::new(0), idle_limit, max_age })
    }

    fn idle(&self) -> MutexGuard<'_, HashMap<PoolKey, Vec<Idle>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The current generation: to be read before the policy is asked.
    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// A connection that was just made, under the policy of `generation`.
    pub(super) fn adopt(wire: Wire, born: Duration, generation: u64) -> Lent {
        Lent { wire, born, generation, reused: false }
    }

    /// The connection used last, if there is one the receiver has not closed. HTTP/2 connections are shared.
    pub(super) fn take(&self, key: &PoolKey, now: Duration) -> Option<Lent> {
        loop {
            let mut lent = self.take_last(key, now)?;
            // Looked at outside the pool's lock: it reads from the socket.
            let usable = match &mut lent.wire {
                Wire::Http1(connection) => connection.is_ready(),
                Wire::Http2(_) => true,
            };
            if usable {
                return Some(lent);
            }
        }
    }

    /// The connection used last that is neither idle for too long, nor too old, nor of an earlier policy.
    fn take_last(&self, key: &PoolKey, now: Duration) -> Option<Lent> {
        let generation = self.generation();
        let mut pool = self.idle();
        let idle = pool.get_mut(key)?;
        while let Some(entry) = idle.last_mut() {
            let fresh = entry.lent.generation == generation
                && now.saturating_sub(entry.since) < self.idle_limit
                && now.saturating_sub(entry.lent.born) < self.max_age;
            match &entry.lent.wire {
                Wire::Http2(sender) if fresh && !sender.is_closed() => {
                    let (born, wire) = (entry.lent.born, Wire::Http2(sender.clone()));
                    entry.since = now;
                    return Some(Lent { wire, born, generation, reused: true });
                }
                Wire::Http1(_) if fresh => return idle.pop().map(|entry| entry.lent),
                Wire::Http1(_) | Wire::Http2(_) => drop(idle.pop()),
            }
        }
        None
    }

    /// Takes a connection back whose last response was read to its end.
    pub(super) fn give_back(&self, key: &PoolKey, mut lent: Lent, now: Duration) {
        let shared = matches!(lent.wire, Wire::Http2(_));
        if lent.generation != self.generation() || (shared && lent.reused) {
            return;
        }
        lent.reused = true;
        let mut pool = self.idle();
        let entry = Idle { lent, since: now };
        match pool.get_mut(key) {
            Some(idle) if idle.len() < MAX_IDLE => idle.push(entry),
            Some(_) => {}
            None => drop(pool.insert(key.clone(), vec![entry])),
        }
    }

    /// Drops everything: the policy has changed (E-11).
    pub(super) fn flush(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        self.idle().clear();
    }

    /// Drops what has been idle or alive for too long.
    pub(super) fn sweep(&self, now: Duration) {
        self.idle().retain(|_, idle| {
            idle.retain(|entry| {
                now.saturating_sub(entry.since) < self.idle_limit && now.saturating_sub(entry.lent.born) < self.max_age
            });
            !idle.is_empty()
        });
    }
}
