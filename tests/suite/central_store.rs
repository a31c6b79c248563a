//! Central's store on SQLite, as it comes; `interop_broker` tells the same stories on PostgreSQL.

use gatepost_world::central::{Ground, stories};

gatepost_world::central_stories!(on_sqlite, Ground::file());
