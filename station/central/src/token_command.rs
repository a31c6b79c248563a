//! `gatepost-central token`: who may ask central over HTTP, from a shell, in the database. A running central goes by it from the
//! next question on.

use std::process::ExitCode;

use clap::Subcommand;
use gatepost_central::access::{Scope, Scopes, Secret, Token};
use gatepost_sync::topics::Name;

use crate::at::{At, DAY_MS, block_on, day, now_ms};

#[derive(Subcommand)]
pub enum Arguments {
    /// Make a token; it is printed once and kept nowhere
    Make {
        #[command(flatten)]
        at: At,
        /// Whose it is, used once: 1 to 32 letters, digits, - or _
        #[arg(long)]
        name: String,
        /// What it is for, several with commas: read, holds, metrics
        #[arg(long, value_delimiter = ',', required = true)]
        scope: Vec<Scope>,
        /// A restricted group whose alerts its bearer may see, as the holds name it; may be given several times
        #[arg(long)]
        group: Vec<String>,
        /// Days until it ends
        #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(i64).range(1..=730))]
        days: i64,
    },
    /// Show which there are
    List {
        #[command(flatten)]
        at: At,
    },
    /// Take a token back, and every session that began with it, at once
    Revoke {
        #[command(flatten)]
        at: At,
        /// The token's name
        name: String,
    },
}

pub fn run(arguments: Arguments) -> Result<ExitCode, String> {
    block_on(async {
        match arguments {
            Arguments::Make { at, name, scope, group, days } => {
                make(&at, &name, scope.into_iter().collect::<Scopes>().with_groups(group)?, days).await
            }
            Arguments::List { at } => list(&at).await,
            Arguments::Revoke { at, name } => {
                let (_, store) = at.open().await?;
                store.revoke_token(&name, &at.by(), now_ms()).await.map_err(|error| error.to_string())?;
                println!("{name}: taken back; whoever has it is refused from now on");
                Ok(ExitCode::SUCCESS)
            }
        }
    })
}

async fn make(at: &At, name: &str, scopes: Scopes, days: i64) -> Result<ExitCode, String> {
    let name = Name::new(name).ok_or_else(|| {
        format!("{name:?} is no name for a token: 1 to 32 letters, digits, - or _, as grafana or shift-lead")
    })?;
    let (config, store) = at.open().await?;
    let secret = Secret::make().map_err(|error| format!("no random bytes from the operating system: {error}"))?;
    let now_ms = now_ms();
    let span = (now_ms, now_ms + days * DAY_MS);
    let made = store.make_token(&name, secret.digest(), &scopes, &at.by(), span).await;
    made.map_err(|error| error.to_string())?;
    println!("{}", secret.text());
    eprintln!("{name}: for {scopes}, {days} days. This is shown once: keep it like a password.");
    if !config.http.tokens {
        eprintln!("Central asks nobody for it yet: set http.tokens = true in its configuration and start it again.");
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(at: &At) -> Result<ExitCode, String> {
    let (_, store) = at.open().await?;
    let now_ms = now_ms();
    for token in store.tokens().await.map_err(|error| error.to_string())? {
        println!(
            "{}  {}  {}  made by {}, {}",
            token.name,
            token.scopes,
            stands(&token, now_ms),
            token.made_by,
            used(&token)
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn stands(token: &Token, now_ms: i64) -> String {
    match token.revoked_ms {
        Some(at_ms) => format!("taken back {}", day(at_ms)),
        None if token.ends_ms <= now_ms => format!("over since {}", day(token.ends_ms)),
        None => format!("until {}", day(token.ends_ms)),
    }
}

fn used(token: &Token) -> String {
    match token.used_ms {
        0 => "never used".to_owned(),
        at_ms => format!("last used {}", day(at_ms)),
    }
}
