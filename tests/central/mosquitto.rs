//! A Mosquitto of our own: Debian's program, a port of its own, killed like a power cut.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A Mosquitto of our own, killed when dropped.
pub struct Mosquitto {
    child: Option<Child>,
    config: PathBuf,
    pub port: u16,
}

impl Mosquitto {
    /// # Panics
    /// Without Mosquitto; names the package.
    pub fn new(directory: &Path) -> Self {
        Self::with(directory, "")
    }

    /// With more lines in its configuration.
    ///
    /// # Panics
    /// Without Mosquitto; names the package.
    pub fn with(directory: &Path, more: &str) -> Self {
        let usual = "allow_anonymous true\npersistence false\nlog_dest stderr\nlog_type error";
        Self::sample(directory, |port| format!("listener {port} 127.0.0.1\n{usual}\n{more}"))
    }

    /// With a configuration of its own, for a port.
    ///
    /// # Panics
    /// Without Mosquitto; names the package.
    pub fn sample(directory: &Path, text: impl Fn(u16) -> String) -> Self {
        let config = directory.join("mosquitto.conf");
        let mut broker = Self { child: None, config, port: 0 };
        // A free port may be taken between asking and starting; ask again then.
        for _ in 0..20 {
            let asked = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
            broker.port = asked.local_addr().expect("its address").port();
            drop(asked);
            std::fs::write(&broker.config, text(broker.port)).expect("the broker's configuration");
            if broker.start() {
                return broker;
            }
        }
        panic!("Mosquitto does not start; try `mosquitto -c {}`", broker.config.display());
    }

    /// Says whether it listens.
    ///
    /// # Panics
    /// Without Mosquitto; names the package.
    pub fn start(&mut self) -> bool {
        let program = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "/usr/bin/mosquitto"]
            .into_iter()
            .find(|path| Path::new(path).exists())
            .expect("this test needs a real broker: install the package `mosquitto` (apt-get install mosquitto)");
        let mut child = Command::new(program)
            .arg("-c")
            .arg(&self.config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("Mosquitto starts");
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(10) {
            if std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                self.child = Some(child);
                return true;
            }
            if child.try_wait().expect("the broker's state").is_some() {
                return false;
            }
            std::thread::yield_now();
        }
        let _ = child.kill();
        let _ = child.wait();
        false
    }

    /// Has it read its certificates, its list of what was taken back and its permissions again.
    ///
    /// # Panics
    /// When it is not running.
    pub fn hang_up(&self) {
        let child = self.child.as_ref().expect("it runs");
        let pid = rustix::process::Pid::from_child(child);
        rustix::process::kill_process(pid, rustix::process::Signal::HUP).expect("it is told");
    }

    /// kill -9: what it held in memory is gone.
    ///
    /// # Panics
    /// When the system does not let it be killed.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("the broker is killed");
            child.wait().expect("and gone");
        }
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        self.kill();
    }
}
