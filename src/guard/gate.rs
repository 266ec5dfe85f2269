//! All that a call passes on its way to its handler.

use std::sync::Arc;
use std::time::Duration;

use tower::ServiceBuilder;
use tower::layer::util::{Identity, Stack};
use tower_http::cors::CorsLayer;

use crate::edge::foreign::ForeignErrors;
use crate::guard::admission::Admission;
use crate::guard::deadline::Deadlines;
use crate::guard::identify::{Anybody, Callers, Identify};
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

/// The layers, the one that a call passes first last.
pub type Layers = Stack<
    Admission,
    Stack<Deadlines, Stack<Callers, Stack<ForeignErrors, Stack<Seeing, Identity>>>>,
>;

impl Gate {
    pub fn layers(self) -> Layers {
        ServiceBuilder::new()
            .layer(self.seeing)
            .layer(ForeignErrors)
            .layer(Callers(self.callers))
            .layer(self.deadlines)
            .layer(self.admission)
            .into_inner()
    }
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
