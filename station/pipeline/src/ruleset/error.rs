//! What is wrong with a rule pack: file, line, rule, and what to do.

use core::fmt;

/// Why a rule pack was refused. Nothing of a refused pack is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadError {
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// The rule or table, when the problem lies in one.
    pub rule: Option<String>,
    pub problem: String,
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.file, self.line)?;
        if let Some(rule) = &self.rule {
            write!(f, "rule {rule}: ")?;
        }
        f.write_str(&self.problem)
    }
}

impl std::error::Error for LoadError {}

/// The line, counted from 1, that a byte offset stands in.
pub(super) fn line_of(text: &str, offset: usize) -> usize {
    1 + text.as_bytes().iter().take(offset).filter(|&&byte| byte == b'\n').count()
}

/// The candidate most like `text`, if any is like it at all.
pub(super) fn nearest<'a>(text: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let scored = candidates.into_iter().map(|candidate| (distance(text, candidate), candidate));
    scored
        .min()
        .filter(|&(edits, candidate)| edits * 2 <= text.len().max(candidate.len()))
        .map(|(_, candidate)| candidate)
}

/// `; did you mean `x`?`, or nothing.
pub(super) fn did_you_mean<'a>(text: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(text, candidates).map_or_else(String::new, |nearest| format!("; did you mean `{nearest}`?"))
}

/// Letters to insert, delete or replace (Levenshtein), over the first 64 bytes.
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (&a.as_bytes()[..a.len().min(64)], &b.as_bytes()[..b.len().min(64)]);
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(left != right);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_near() {
        assert_eq!(nearest("entry.value_cent", ["entry.value_cents", "aed.value_cents"]), Some("entry.value_cents"));
        assert_eq!(nearest("gfit", ["gift", "sample"]), Some("gift"));
        assert_eq!(nearest("xyz", ["gift", "sample"]), None);
        assert_eq!(line_of("a\nb\nc", 4), 3);
    }
}
