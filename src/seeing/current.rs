//! The call that this thread works on just now: its request id, and why it is going to fail. What is made
//! far below the layer that knows the call is so found in the log beside it.

use std::cell::RefCell;
use std::mem::swap;

use tonic::codegen::http::HeaderValue;

/// What the log says of a call beside what every call has.
#[derive(Debug, Default)]
pub struct Current {
    /// Nothing outside a call.
    pub request_id: Option<HeaderValue>,
    /// The causes of what it failed by; they are for the log, and for nobody else.
    pub causes: Option<String>,
}

thread_local! {
    static CURRENT: RefCell<Current> = RefCell::default();
}

/// Works on a call. What was current before is so again afterwards.
pub fn within<T>(call: &mut Current, work: impl FnOnce() -> T) -> T {
    /// Also when the work panics.
    struct Back<'a>(&'a mut Current);
    impl Drop for Back<'_> {
        fn drop(&mut self) {
            CURRENT.with_borrow_mut(|current| swap(current, self.0));
        }
    }
    CURRENT.with_borrow_mut(|current| swap(current, call));
    let _back = Back(call);
    work()
}

/// Leaves the causes of a failure to the line that the call ends with; gives them back where there is
/// no call.
pub fn leave_causes(causes: String) -> Result<(), String> {
    CURRENT.with_borrow_mut(|current| match current.request_id {
        Some(_) => {
            current.causes = Some(causes);
            Ok(())
        }
        None => Err(causes),
    })
}
