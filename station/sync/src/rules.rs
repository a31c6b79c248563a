//! `down/rules`: by which rules a station is to judge. The payload of a signed document; its version counts orders, not packs,
//! so that going back to an earlier pack is a newer order.

use serde::{Deserialize, Serialize};

use crate::limits::RULES_ORDER_BYTES_MAX;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum RulesOrder {
    /// This pack, if it passes the cases that came with it.
    Pack(RulesPack),
    /// The station's own: the one of its configuration, or the one built in.
    Own,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RulesPack {
    /// The pack's text, TOML.
    pub pack: String,
    /// Cases that must hold for it (`gatepost rules test`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cases: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnOrder {
    #[error("an order of {0} bytes is more than {RULES_ORDER_BYTES_MAX}; leave out cases")]
    TooLarge(u64),
    #[error("not an order about rules: {0}; central must make it anew")]
    Unreadable(String),
}

impl RulesOrder {
    pub fn to_bytes(&self) -> Vec<u8> {
        // Serialising text into memory cannot fail.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// # Errors
    /// [`NotAnOrder`].
    pub fn read(bytes: &[u8]) -> Result<Self, NotAnOrder> {
        if bytes.len() as u64 > RULES_ORDER_BYTES_MAX {
            return Err(NotAnOrder::TooLarge(bytes.len() as u64));
        }
        serde_json::from_slice(bytes).map_err(|error| NotAnOrder::Unreadable(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_order_is_read_as_it_was_written_and_nothing_else_is() {
        let pack = RulesPack { pack: "version = 1".to_owned(), cases: None };
        for order in [RulesOrder::Own, RulesOrder::Pack(pack)] {
            assert_eq!(RulesOrder::read(&order.to_bytes()), Ok(order));
        }
        assert_eq!(RulesOrder::Own.to_bytes(), b"\"own\"");
        for strange in ["{}", r#"{"pack":{"pack":"x","more":1}}"#, r#""none""#, ""] {
            assert!(matches!(RulesOrder::read(strange.as_bytes()), Err(NotAnOrder::Unreadable(_))), "{strange}");
        }
        let far = vec![b' '; RULES_ORDER_BYTES_MAX as usize + 1];
        assert!(matches!(RulesOrder::read(&far), Err(NotAnOrder::TooLarge(_))));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn garbage_is_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(RulesOrder::read(&bytes).is_err());
        }
    }
}
