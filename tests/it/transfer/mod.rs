//! Export and import, over gRPC and as commands.

mod snapshot;
