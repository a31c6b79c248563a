//! Readiness and watchdog, as systemd asks for them (`sd_notify`): a datagram to the socket it names.
//!
//! The watchdog is fed by lanes that show themselves: a station whose lanes hang is restarted.

use std::os::unix::net::UnixDatagram;

pub fn ready(station: &str) {
    notify(&format!("READY=1\nSTATUS=station {station} runs"));
}
pub fn alive() {
    notify("WATCHDOG=1");
}
pub fn stopping() {
    notify("STOPPING=1");
}

/// Says nothing when nobody asked: the socket's name comes from systemd.
fn notify(state: &str) {
    let Some(name) = std::env::var_os("NOTIFY_SOCKET") else { return };
    let Ok(socket) = UnixDatagram::unbound() else { return };
    let _sent = socket.send_to(state.as_bytes(), std::path::Path::new(&name));
}
