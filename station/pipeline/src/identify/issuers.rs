//! The two-letter codes an S10 may end in: ISO 3166-1 alpha-2 as assigned, one row per first letter.
//!
//! They name the designated operator that issued the number, not where the goods come from. Codes that are only
//! reserved or user-assigned (EU, UN, XK, XX …) are not in it: such a number is reported as "check right, issuer
//! unknown" and not as wrong, so a missing row costs a remark and never a parcel.

const ASSIGNED: &str = "
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ
    BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ
    DE DJ DK DM DO DZ
    EC EE EG EH ER ES ET
    FI FJ FK FM FO FR
    GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY
    HK HM HN HR HT HU
    ID IE IL IM IN IO IQ IR IS IT
    JE JM JO JP
    KE KG KH KI KM KN KP KR KW KY KZ
    LA LB LC LI LK LR LS LT LU LV LY
    MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ
    NA NC NE NF NG NI NL NO NP NR NU NZ
    OM
    PA PE PF PG PH PK PL PM PN PR PS PT PW PY
    QA
    RE RO RS RU RW
    SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ
    TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ
    UA UG UM US UY UZ
    VA VC VE VG VI VN VU
    WF WS
    YE YT
    ZA ZM ZW";

/// Whether `code` (two upper-case letters) is an assigned country code.
pub(super) fn known(code: &str) -> bool {
    ASSIGNED.split_ascii_whitespace().any(|assigned| assigned == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_holds_the_249_assigned_codes_once_each_in_order() {
        let codes: Vec<_> = ASSIGNED.split_ascii_whitespace().collect();
        assert_eq!(codes.len(), 249);
        assert!(codes.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(codes.iter().all(|code| code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase())));
        assert!(known("GB") && known("CN") && !known("XX") && !known("AB") && !known("gb") && !known(""));
    }
}
