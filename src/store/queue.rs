//! Where orders wait for the writer's thread, and the bell that calls it.
//!
//! Whoever puts the first order in an empty queue rings, but not at once: a task rings when what its
//! executor has at hand was worked on, so that what belongs into the same group comes first. Nothing
//! lingers: with one request at hand, that is right away.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Condvar;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::runtime::Handle;

use crate::store::fault::Fault;
use crate::store::writer::Order;
use crate::telemetry::measures;

/// Orders that may wait before further ones are told that the store is busy.
const MOST: usize = 4096;

/// The orders that wait.
#[derive(Default)]
pub(in crate::store) struct Queue {
    state: Mutex<State>,
    rung: Condvar,
}

#[derive(Default)]
struct State {
    orders: VecDeque<Order>,
    rung: bool,
    closed: bool,
}

/// What the writer's thread finds.
pub(in crate::store) enum Next {
    /// An order; more may wait behind it.
    Order(Order),
    /// None came in the time given.
    Late,
    /// None will come any more.
    Closed,
}

/// Rings when it is dropped: by a task that has waited for its turn, or because there is no executor
/// any more.
struct Bell(Arc<Queue>);

impl Drop for Bell {
    fn drop(&mut self) {
        self.0.ring();
    }
}

impl Queue {
    /// Puts `order` behind the others. `runtime` executes whoever waits for it; none if that blocks
    /// its thread.
    ///
    /// # Errors
    /// [`Fault::Busy`] if it is full, [`Fault::Stopped`] if the thread has ended.
    pub(in crate::store) fn push(
        self: &Arc<Self>,
        order: Order,
        runtime: Option<&Handle>,
    ) -> Result<(), Fault> {
        let mut state = self.state();
        if state.closed {
            return Err(Fault::Stopped);
        }
        if state.orders.len() >= MOST {
            measures::WRITER_BUSY.count();
            return Err(Fault::Busy);
        }
        state.orders.push_back(order);
        let is_first = state.orders.len() == 1;
        drop(state);
        match runtime {
            Some(runtime) if is_first => {
                let bell = Bell(Arc::clone(self));
                runtime.spawn(async move {
                    tokio::task::yield_now().await;
                    drop(bell);
                });
            }
            // Whoever was first rings.
            Some(_) => {}
            None => self.ring(),
        }
        Ok(())
    }

    /// How many orders wait.
    pub(in crate::store) fn length(&self) -> usize {
        self.state().orders.len()
    }

    /// Nothing is taken in any more; what waits is still handed out.
    pub(in crate::store) fn close(&self) {
        self.state().closed = true;
        self.rung.notify_all();
    }

    /// As [`Self::close`], and whoever waits is told that nothing was done.
    pub(in crate::store) fn abandon(&self) {
        self.close();
        let orders = std::mem::take(&mut self.state().orders);
        drop(orders);
    }

    /// Waits for the bell, for at most `time` if given.
    pub(in crate::store) fn next(&self, time: Option<Duration>) -> Next {
        let silent = |state: &mut State| !state.closed && (state.orders.is_empty() || !state.rung);
        let state = self.state();
        let mut state = match time {
            Some(time) => {
                let waited = self.rung.wait_timeout_while(state, time, silent);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => self.rung.wait_while(state, silent).unwrap_or_else(PoisonError::into_inner),
        };
        if silent(&mut state) {
            return Next::Late;
        }
        state.take().map_or(Next::Closed, Next::Order)
    }

    /// What waits, if anything does.
    pub(in crate::store) fn try_next(&self) -> Option<Order> {
        self.state().take()
    }

    fn ring(&self) {
        let mut state = self.state();
        state.rung = !state.orders.is_empty();
        drop(state);
        self.rung.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take(&mut self) -> Option<Order> {
        let order = self.orders.pop_front();
        self.rung &= !self.orders.is_empty();
        order
    }
}
