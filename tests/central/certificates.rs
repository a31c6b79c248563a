//! An authority of our own for tests, made by Debian's `openssl`: certificates that are good, too old, taken back, or of
//! somebody else.

use std::path::{Path, PathBuf};
use std::process::Command;

use gatepost_sync::tls::Tls;

/// From when to when, as OpenSSL writes it.
const GOOD: (&str, &str) = ("20260101000000Z", "21260101000000Z");
pub const EXPIRED: (&str, &str) = ("20200101000000Z", "20200201000000Z");

/// What it signs goes to a folder, as `NAME.pem` and `NAME.key`.
pub struct Authority {
    folder: PathBuf,
}

impl Authority {
    /// # Panics
    /// Without OpenSSL; names the package.
    pub fn new(folder: &Path) -> Self {
        std::fs::create_dir_all(folder).expect("a folder");
        let authority = Self { folder: folder.to_owned() };
        let config = format!(
            "[ca]\ndefault_ca = own\n[own]\ndir = {0}\nnew_certs_dir = {0}\ndatabase = {0}/index\nserial = {0}/serial\n\
             certificate = {0}/ca.pem\nprivate_key = {0}/ca.key\ndefault_md = sha256\ndefault_crl_days = 30\n\
             policy = any\nunique_subject = no\nx509_extensions = leaf\n[any]\ncommonName = supplied\n\
             [leaf]\nbasicConstraints = CA:false\nsubjectAltName = IP:127.0.0.1\n[req]\ndistinguished_name = name\n[name]\n",
            folder.display()
        );
        for (name, text) in [("openssl.conf", config.as_str()), ("index", ""), ("serial", "01\n")] {
            std::fs::write(folder.join(name), text).expect("a file");
        }
        let ca =
            ["-x509", "-days", "30", "-subj", "/CN=Gatepost test authority", "-keyout", "ca.key", "-out", "ca.pem"];
        authority.request(&ca);
        authority.crl();
        authority
    }

    pub fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    /// A certificate with that common name.
    pub fn sign(&self, file: &str, name: &str) {
        self.sign_for(file, name, GOOD);
    }

    pub fn sign_for(&self, file: &str, name: &str, (from, to): (&str, &str)) {
        let (key, asked, signed) = (format!("{file}.key"), format!("{file}.csr"), format!("{file}.pem"));
        self.request(&["-subj", &format!("/CN={name}"), "-keyout", &key, "-out", &asked]);
        let dates = ["-startdate", from, "-enddate", to];
        self.run(&[&["ca", "-batch", "-notext", "-in", &asked, "-out", &signed][..], &dates].concat());
    }

    /// Takes a certificate back.
    pub fn revoke(&self, file: &str) {
        self.run(&["ca", "-revoke", &format!("{file}.pem")]);
        self.crl();
    }

    fn crl(&self) {
        self.run(&["ca", "-gencrl", "-out", "crl.pem"]);
    }

    fn request(&self, arguments: &[&str]) {
        let new = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
        self.run(&[&new[..], arguments].concat());
    }

    fn run(&self, arguments: &[&str]) {
        let (command, rest) = arguments.split_first().expect("a command");
        let output = Command::new("openssl")
            .args([*command, "-config", "openssl.conf"])
            .args(rest)
            .current_dir(&self.folder)
            .output()
            .expect("this test needs OpenSSL: install the package `openssl` (apt-get install openssl)");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// A client's side: trusts this authority, and shows that certificate.
    pub fn tls(&self, file: Option<&str>) -> Tls {
        let read = |name: &str| std::fs::read(self.path(name)).expect("a file");
        let own = file.map(|file| (read(&format!("{file}.pem")), read(&format!("{file}.key"))));
        let own = own.as_ref().map(|(chain, key)| (chain.as_slice(), key.as_slice()));
        Tls::new(&read("ca.pem"), own).expect("readable certificates")
    }
}
