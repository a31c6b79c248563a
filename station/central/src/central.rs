//! A running central: store, intake and pages put together; for the binary, the demo and tests alike.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use gatepost_sync::topics::{Address, Down};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::audit;
use crate::command;
use crate::config::{Config, ConfigError};
use crate::enrol::{Registrar, RegistrarError};
use crate::evidence::{EvidenceError, EvidenceStore};
use crate::follow::task::{News, Teller, follower};
use crate::holds::{KeyError, Signatory};
use crate::intake::{Document, Intake, IntakeState, Request, wall_ms};
use crate::pages::{self, Pages};
use crate::post;
use crate::rollout;
use crate::store::holds::{HoldChange, HoldError};
use crate::store::{Store, StoreError};

/// Requests waiting for the intake.
const REQUESTS_WAITING: usize = 64;

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    #[error(transparent)]
    Enrolment(#[from] RegistrarError),
    #[error("the directory {0} cannot be made: {1}")]
    Directory(String, io::Error),
    #[error("{0}")]
    Post(String),
    #[error("the built-in rules do not load: {0}")]
    Rules(String),
    #[error("pages cannot be served on {0}: {1}; is another program using the port?")]
    Listen(SocketAddr, io::Error),
}

/// Dropping it stops everything at once; [`Central::stop`] waits for what is under way.
pub struct Central {
    http: SocketAddr,
    store: Store,
    signatory: Option<Arc<Signatory>>,
    requests: mpsc::Sender<Request>,
    teller: Teller,
    intake: watch::Receiver<IntakeState>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Central {
    /// Opens the store, begins to listen to the broker (and goes on trying while there is none) and serves the pages.
    ///
    /// # Errors
    /// [`StartError`] says which part of the configuration cannot be used.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let directory = &config.store.directory;
        std::fs::create_dir_all(directory)
            .map_err(|error| StartError::Directory(directory.display().to_string(), error))?;
        let broker = config.broker.broker()?;
        let rules = audit::Rules::new(config.audit.packs()?).map_err(StartError::Rules)?;
        let signatory = match &config.holds {
            Some(holds) => Some(Arc::new(Signatory::load_or_create(&holds.issuer, &holds.key)?)),
            None => None,
        };
        let patience = config.patience();
        let post = config
            .post
            .as_ref()
            .map(|told| Ok((told.table()?, post::sink::sink(&told.sink, &broker)?, told.again_ms())));
        let post = post.transpose().map_err(StartError::Post)?;
        let store = Store::open(&config.store.database()).await?;
        let evidence = EvidenceStore::open(&config.store.evidence(), config.store.evidence_bytes_max)?;
        let failed = |error| StartError::Listen(config.http.listen, error);
        let listener = TcpListener::bind(config.http.listen).await.map_err(failed)?;
        let http = listener.local_addr().map_err(failed)?;
        let (stop, stopped) = watch::channel(false);
        let (requests, requests_waiting) = mpsc::channel(REQUESTS_WAITING);
        let (follower, teller) = follower(store.clone(), requests.clone());
        let (intake_state, intake) = watch::channel(IntakeState::default());
        let running = Intake {
            broker,
            share_group: config.broker.share_group.clone(),
            only: config.stations.only.clone(),
            store: store.clone(),
            evidence,
            requests: requests_waiting,
            teller: teller.clone(),
            state: intake_state,
            rests_until: None,
        };
        let registrar = match config.enrolment {
            Some(_) => Some(Registrar::open(&config, store.clone(), wall_ms()).await?),
            None => None,
        };
        let shown =
            Pages { store: store.clone(), intake: intake.clone(), patience, tokens: config.http.tokens, registrar };
        let mut tasks = vec![
            tokio::spawn(running.run(stopped.clone())),
            tokio::spawn(audit::run(store.clone(), rules, stopped.clone())),
            tokio::spawn(follower.run(stopped.clone())),
            tokio::spawn(rollout::task::run(store.clone(), signatory.clone(), requests.clone(), stopped.clone())),
            tokio::spawn(command::run(store.clone(), signatory.clone(), requests.clone(), stopped.clone())),
            tokio::spawn(pages::serve(listener, shown, stopped.clone())),
        ];
        if let Some((codes, sink, again_ms)) = post {
            let teller = post::task::Teller::new(store.clone(), codes, sink, again_ms);
            tasks.push(tokio::spawn(teller.run(stopped)));
        }
        Ok(Self { http, store, signatory, requests, teller, intake, stop, tasks })
    }

    /// Where the pages are.
    pub fn http(&self) -> SocketAddr {
        self.http
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    pub fn intake(&self) -> watch::Receiver<IntakeState> {
        self.intake.clone()
    }

    /// Sends a signed document to a station, now and whenever it comes back, until a newer one of its kind replaces it.
    /// `bytes` are not looked at: they are a list package of the ledger, or a sealed envelope.
    ///
    /// # Errors
    /// Nothing is sent when central is stopping.
    pub async fn send_document(&self, address: Address, kind: Down, bytes: Vec<u8>) -> Result<(), Stopping> {
        self.requests.send(Request::Document(Document { address, kind, bytes })).await.map_err(|_| Stopping)
    }

    /// Places or lifts a hold: the list is signed anew and goes to every station, also to those that come later.
    ///
    /// # Errors
    /// [`HoldError`]; nothing is changed then.
    pub async fn change_hold(&self, change: &HoldChange, by: &str) -> Result<(), HoldError> {
        self.change_holds(std::slice::from_ref(change), by).await
    }

    /// Several at once, all or none.
    ///
    /// # Errors
    /// [`HoldError`]; nothing is changed then.
    pub async fn change_holds(&self, changes: &[HoldChange], by: &str) -> Result<(), HoldError> {
        let signatory = self.signatory.as_ref().ok_or(HoldError::NoKey)?;
        self.store.change_holds(changes, by, signatory, wall_ms()).await?;
        self.teller.tell(News::List);
        Ok(())
    }

    /// Who signs the hold lists: issuer and public key, for the stations' configuration.
    pub fn signatory(&self) -> Option<(&str, String)> {
        self.signatory.as_ref().map(|signatory| (signatory.issuer(), signatory.public_key()))
    }

    /// Finishes the commit under way, says goodbye to the broker and closes the database.
    pub async fn stop(mut self) {
        // Nobody listens when every task has ended; then they have ended.
        let _ = self.stop.send(true);
        for task in self.tasks.drain(..) {
            let _ = task.await;
        }
        self.store.close().await;
    }
}

impl Drop for Central {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("central is stopping")]
pub struct Stopping;
