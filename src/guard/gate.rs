//! All that a call passes on its way to its handler.

use std::sync::Arc;
use std::time::Duration;

use tower_http::cors::CorsLayer;

use crate::guard::admission::Admission;
use crate::guard::deadline::Deadlines;
use crate::guard::identify::{Anybody, Identify};
use crate::seeing::Seeing;

/// What a unary call may take unless told otherwise.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// What the layers share, whichever connection a call comes on.
#[derive(Clone, Debug)]
pub struct Gate {
    /// Which pages may call from a browser; else none of other origins.
    pub pages: Option<CorsLayer>,
    pub seeing: Seeing,
    /// Who tells callers apart; else anybody may call anything.
    pub callers: Arc<dyn Identify>,
    pub deadlines: Deadlines,
    pub admission: Admission,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            pages: None,
            seeing: Seeing::default(),
            callers: Arc::new(Anybody),
            deadlines: Deadlines {
                unary_max: CALL_TIMEOUT,
            },
            admission: Admission::default(),
        }
    }
}
