//! Places for calls under way, and who waits for one. While others wait, a client that holds half of all
//! places or more gets none of those that become free; and no client ever holds more than three quarters of
//! them, so that one whose calls never end leaves places to others.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// Who calls, as far as places are concerned.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Client {
    /// Somebody who said who he is.
    Named(Arc<str>),
    /// Whoever is at an address.
    At(IpAddr),
    Unknown,
}

/// All places.
#[derive(Debug)]
pub struct Places {
    max: usize,
    queued_max: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    held: usize,
    queued: usize,
    /// Clients that hold places or wait, and no others.
    clients: HashMap<Client, Share>,
    /// Clients that have someone waiting, in the order in which they are served.
    turns: VecDeque<Client>,
    next_ticket: u64,
}

#[derive(Debug, Default)]
struct Share {
    held: usize,
    waiting: VecDeque<(u64, oneshot::Sender<()>)>,
}

/// Held by a call until it is answered.
#[derive(Debug)]
pub struct Place {
    places: Arc<Places>,
    client: Client,
}

/// What comes of asking for a place.
pub enum Asked {
    Given(Place),
    Waits(Waiter),
    /// As many wait as may.
    Full,
}

/// Somebody who waits for a place.
pub struct Waiter {
    places: Arc<Places>,
    client: Client,
    ticket: u64,
    given: oneshot::Receiver<()>,
}

impl Places {
    pub fn of(max: usize, queued_max: usize) -> Self {
        Self {
            max,
            queued_max,
            state: Mutex::default(),
        }
    }

    /// How many are held, and how many wait.
    pub fn counts(&self) -> (usize, usize) {
        let state = self.state();
        (state.held, state.queued)
    }

    /// A place for a client, or a turn to get one.
    pub fn ask(self: &Arc<Self>, client: Client) -> Asked {
        let mut state = self.state();
        // Nobody is passed by: who waits comes first.
        let may_have_more = state.held_by(&client) < self.own_max();
        if state.held < self.max && state.queued == 0 && may_have_more {
            state.held += 1;
            match state.clients.get_mut(&client) {
                Some(share) => share.held += 1,
                None => state.clients.entry(client.clone()).or_default().held = 1,
            }
            return Asked::Given(Place {
                places: Arc::clone(self),
                client,
            });
        }
        let waiting = state.clients.get(&client);
        let waiting = waiting.map_or(0, |share| share.waiting.len());
        // One client may not take the whole queue either.
        if state.queued >= self.queued_max || waiting >= self.queued_max.div_ceil(2) {
            return Asked::Full;
        }
        let (sender, given) = oneshot::channel();
        let ticket = state.next_ticket;
        state.next_ticket += 1;
        state.queued += 1;
        let share = state.clients.entry(client.clone()).or_default();
        share.waiting.push_back((ticket, sender));
        if waiting == 0 {
            state.turns.push_back(client.clone());
        }
        // There may be places that only those who waited so far could not have.
        self.give(&mut state);
        Asked::Waits(Waiter {
            places: Arc::clone(self),
            client,
            ticket,
            given,
        })
    }

    fn release(&self, client: &Client) {
        let mut state = self.state();
        state.held -= 1;
        state.leave(client);
        self.give(&mut state);
    }

    /// Gives away what is free.
    fn give(&self, state: &mut State) {
        while state.held < self.max && state.give_next(self.max / 2, self.own_max()) {}
    }

    /// Most that one client may hold.
    fn own_max(&self) -> usize {
        self.max - self.max / 4
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics halfway through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn held_by(&self, client: &Client) -> usize {
        self.clients.get(client).map_or(0, |share| share.held)
    }

    /// A client gives a place back.
    fn leave(&mut self, client: &Client) {
        if let Some(share) = self.clients.get_mut(client) {
            share.held -= 1;
            self.forget_idle(client);
        }
    }

    fn forget_idle(&mut self, client: &Client) {
        let share = self.clients.get(client);
        if share.is_some_and(|share| share.held == 0 && share.waiting.is_empty()) {
            self.clients.remove(client);
        }
    }

    /// Gives a place to whoever's turn it is; answers whether anybody waited who may have one.
    fn give_next(&mut self, share_max: usize, own_max: usize) -> bool {
        let first_below = |max: usize| {
            let mut turns = self.turns.iter();
            turns.position(|client| self.held_by(client) < max)
        };
        // When all who wait hold their share, the first of them is served.
        let turn = first_below(share_max).or_else(|| first_below(own_max));
        let Some(client) = turn.and_then(|turn| self.turns.remove(turn)) else {
            return false;
        };
        let Some(share) = self.clients.get_mut(&client) else {
            return true;
        };
        if let Some((_, sender)) = share.waiting.pop_front() {
            self.queued -= 1;
            // Who went away meanwhile takes nothing.
            if sender.send(()).is_ok() {
                share.held += 1;
                self.held += 1;
            }
        }
        let waits_still = !share.waiting.is_empty();
        if waits_still {
            self.turns.push_back(client);
        } else {
            self.forget_idle(&client);
        }
        true
    }

    fn stop_waiting(&mut self, client: &Client, ticket: u64) {
        let Some(share) = self.clients.get_mut(client) else {
            return;
        };
        let Some(at) = share.waiting.iter().position(|(other, _)| *other == ticket) else {
            return;
        };
        share.waiting.remove(at);
        self.queued -= 1;
        if share.waiting.is_empty() {
            self.turns.retain(|other| other != client);
            self.forget_idle(client);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.release(&self.client);
    }
}

impl Waiter {
    /// Resolves when it is this one's turn.
    pub async fn place(mut self) -> Place {
        // The sender is dropped by nobody but this waiter's own end.
        let _ = (&mut self.given).await;
        Place {
            places: Arc::clone(&self.places),
            client: self.client.clone(),
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let mut state = self.places.state();
        // Given and not taken, it would be lost; taken, the place looks after itself.
        self.given.close();
        if self.given.try_recv().is_ok() {
            drop(state);
            self.places.release(&self.client);
        } else {
            state.stop_waiting(&self.client, self.ticket);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(name: &str) -> Client {
        Client::Named(name.into())
    }

    fn held(places: &Arc<Places>, name: &str) -> Place {
        match places.ask(client(name)) {
            Asked::Given(place) => place,
            _ => panic!("{name} gets no place"),
        }
    }

    fn waits(places: &Arc<Places>, name: &str) -> Waiter {
        match places.ask(client(name)) {
            Asked::Waits(waiter) => waiter,
            _ => panic!("{name} does not wait"),
        }
    }

    /// Whether it is its turn; taken and given back then.
    fn is_given(waiter: &mut Waiter) -> bool {
        !waiter.given.is_empty()
    }

    #[test]
    fn who_holds_half_is_passed_by_while_others_wait() {
        let places = Arc::new(Places::of(4, 8));
        let _steady = held(&places, "steady");
        let mut flood: Vec<Place> = (0..3).map(|_| held(&places, "flood")).collect();
        let mut first = waits(&places, "flood");
        let mut second = waits(&places, "flood");
        let mut other = waits(&places, "other");
        drop(flood.pop());
        assert!(
            is_given(&mut other) && !is_given(&mut first),
            "the other comes first"
        );
        drop(flood.pop());
        assert!(
            is_given(&mut first) && !is_given(&mut second),
            "then those who were there before"
        );
        assert_eq!(places.counts(), (4, 1));
    }

    #[test]
    fn one_client_leaves_a_quarter_to_others() {
        let places = Arc::new(Places::of(4, 8));
        let _flood: Vec<Place> = (0..3).map(|_| held(&places, "flood")).collect();
        let mut more = waits(&places, "flood");
        assert!(!is_given(&mut more));
        let mut other = waits(&places, "other");
        assert!(is_given(&mut other), "there is a place, and its turn");
        drop(other);
        assert!(!is_given(&mut more));
        assert_eq!(places.counts(), (3, 1));
    }

    #[test]
    fn where_nobody_waits_a_place_is_given_or_not() {
        let places = Arc::new(Places::of(4, 0));
        let flood: Vec<Place> = (0..3).map(|_| held(&places, "flood")).collect();
        assert!(matches!(places.ask(client("flood")), Asked::Full));
        let _other = held(&places, "other");
        assert!(matches!(places.ask(client("third")), Asked::Full));
        drop(flood);
        let _flood = held(&places, "flood");
        assert_eq!(places.counts(), (2, 0));
    }

    #[test]
    fn one_client_may_hold_half_of_the_queue() {
        let places = Arc::new(Places::of(2, 4));
        let all = [held(&places, "flood"), held(&places, "flood")];
        let queued = [waits(&places, "flood"), waits(&places, "flood")];
        assert!(matches!(places.ask(client("flood")), Asked::Full));
        let others = [waits(&places, "other"), waits(&places, "third")];
        assert!(
            matches!(places.ask(client("fourth")), Asked::Full),
            "it is full"
        );
        assert_eq!(places.counts(), (2, 4));
        drop((all, queued, others));
        assert_eq!(places.counts(), (0, 0));
        assert!(places.state().clients.is_empty() && places.state().turns.is_empty());
    }

    #[test]
    fn a_turn_that_is_not_taken_goes_to_the_next() {
        let places = Arc::new(Places::of(1, 8));
        let only = held(&places, "a");
        let (first, mut second) = (waits(&places, "b"), waits(&places, "c"));
        drop(only);
        assert!(!is_given(&mut second));
        drop(first);
        assert!(is_given(&mut second));
        drop(second);
        assert_eq!(places.counts(), (0, 0));
    }

    #[tokio::test]
    async fn who_waited_holds_the_place_until_it_is_dropped() {
        let places = Arc::new(Places::of(1, 8));
        let only = held(&places, "a");
        let waiter = waits(&places, "b");
        drop(only);
        let place = waiter.place().await;
        assert_eq!(places.counts(), (1, 0));
        drop(place);
        assert_eq!(places.counts(), (0, 0));
    }
}
