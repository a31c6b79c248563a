//! An ELF image of a 32-bit little-endian processor: its sections' sizes, its functions' code. Read by hand, because it
//! is a hundred lines; everything out of bounds is an error with the place.

/// A function, by the symbol that names it.
pub struct Function<'a> {
    pub name: String,
    pub address: u32,
    pub code: &'a [u8],
}

pub struct Image<'a> {
    pub functions: Vec<Function<'a>>,
    pub flash_bytes: u32,
    pub memory_bytes: u32,
    /// Addresses from which on there is data (true) or code (false), sorted.
    pub data: Vec<(u32, bool)>,
    stack: (Option<u32>, Option<u32>),
}

struct Section {
    kind: u32,
    flags: u32,
    address: u32,
    offset: u32,
    size: u32,
    link: u32,
}

const PROGBITS: u32 = 1;
const SYMBOLS: u32 = 2;
const NOBITS: u32 = 8;
const ALLOCATED: u32 = 2;
const WRITABLE: u32 = 1;
const FUNCTION: u8 = 2;

impl Image<'_> {
    /// Room for the stack, by the linker script's symbols.
    pub fn stack_bytes(&self) -> Result<u32, String> {
        match self.stack {
            (Some(start), Some(end)) => Ok(start.saturating_sub(end)),
            _ => Err("memory.x does not say _stack_start and _stack_end".to_owned()),
        }
    }
}

fn word(bytes: &[u8], at: usize) -> Result<u32, String> {
    let four = bytes.get(at..at + 4).and_then(|four| four.try_into().ok());
    four.map(u32::from_le_bytes).ok_or_else(|| format!("the image ends before byte {at}"))
}

fn half(bytes: &[u8], at: usize) -> Result<u16, String> {
    let two = bytes.get(at..at + 2).and_then(|two| two.try_into().ok());
    two.map(u16::from_le_bytes).ok_or_else(|| format!("the image ends before byte {at}"))
}

fn sections(bytes: &[u8]) -> Result<Vec<Section>, String> {
    if bytes.get(..6) != Some(&[0x7F, b'E', b'L', b'F', 1, 1]) {
        return Err("no 32-bit little-endian ELF image".to_owned());
    }
    let (table, size, count) = (word(bytes, 0x20)? as usize, half(bytes, 0x2E)? as usize, half(bytes, 0x30)?);
    let section = |index: usize| {
        let at = table + index * size;
        Ok(Section {
            kind: word(bytes, at + 4)?,
            flags: word(bytes, at + 8)?,
            address: word(bytes, at + 12)?,
            offset: word(bytes, at + 16)?,
            size: word(bytes, at + 20)?,
            link: word(bytes, at + 24)?,
        })
    };
    (0..usize::from(count)).map(section).collect()
}

pub fn read(bytes: &[u8]) -> Result<Image<'_>, String> {
    let sections = sections(bytes)?;
    let mut image =
        Image { functions: Vec::new(), flash_bytes: 0, memory_bytes: 0, data: Vec::new(), stack: (None, None) };
    for section in sections.iter().filter(|section| section.flags & ALLOCATED != 0) {
        if section.kind == PROGBITS {
            image.flash_bytes += section.size;
        }
        if section.flags & WRITABLE != 0 || section.kind == NOBITS {
            image.memory_bytes += section.size;
        }
    }
    let symbols = sections.iter().find(|section| section.kind == SYMBOLS).ok_or("no symbols: it was stripped")?;
    let strings = sections.get(symbols.link as usize).ok_or("no names for its symbols")?;
    for index in 0..symbols.size / 16 {
        let at = (symbols.offset + index * 16) as usize;
        let (name, value, size) = (word(bytes, at)?, word(bytes, at + 4)?, word(bytes, at + 8)?);
        let (kind, section) = (bytes.get(at + 12).copied().unwrap_or(0) & 0xF, half(bytes, at + 14)?);
        let name = text(bytes, (strings.offset + name) as usize);
        match name.as_str() {
            "_stack_start" => image.stack.0 = Some(value),
            "_stack_end" => image.stack.1 = Some(value),
            // Mapping symbols of the Arm ABI: code and data lie side by side.
            _ if name == "$t" || name.starts_with("$t.") => image.data.push((value, false)),
            _ if name == "$d" || name.starts_with("$d.") => image.data.push((value, true)),
            _ => {}
        }
        if kind != FUNCTION || size == 0 {
            continue;
        }
        let home = sections.get(usize::from(section)).ok_or("a function in no section")?;
        let address = value & !1;
        let from = (home.offset + (address - home.address)) as usize;
        let code = bytes.get(from..from + size as usize).ok_or_else(|| format!("{name} lies outside the image"))?;
        image.functions.push(Function { name: plain(&name), address, code });
    }
    image.data.sort_unstable();
    image.functions.sort_by_key(|function| function.address);
    Ok(image)
}

fn text(bytes: &[u8], at: usize) -> String {
    let rest = bytes.get(at..).unwrap_or_default();
    let end = rest.iter().position(|byte| *byte == 0).unwrap_or(0);
    String::from_utf8_lossy(&rest[..end]).into_owned()
}

/// `_ZN4core9panicking5panic17h…E` and `_RNvNtCs…_4core9panicking5panic` as `core::panicking::panic`; other names as they
/// are. Generic arguments are left as they come.
fn plain(name: &str) -> String {
    let old = name.strip_prefix("_ZN").and_then(|name| name.strip_suffix('E'));
    let Some(mut rest) = old.or_else(|| name.strip_prefix("_R")) else {
        return name.to_owned();
    };
    let mut parts = Vec::new();
    while let Some(first) = rest.chars().next() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            // A crate's number, or the kind of what follows.
            let number = rest.strip_prefix("Cs").and_then(|rest| rest.split_once('_'));
            rest = number.map_or(&rest[first.len_utf8()..], |(_, rest)| rest);
            continue;
        }
        let after = &rest[digits..];
        let after = if old.is_none() { after.strip_prefix('_').unwrap_or(after) } else { after };
        let part = rest[..digits].parse().ok().and_then(|length: usize| after.split_at_checked(length));
        let Some((part, behind)) = part else { return name.to_owned() };
        parts.push(part);
        rest = behind;
    }
    if old.is_some() && parts.last().is_some_and(|hash| hash.len() == 17 && hash.starts_with('h')) {
        parts.pop();
    }
    parts.join("::").replace("$LT$", "<").replace("$GT$", ">").replace("$u20$", " ").replace("..", "::")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_readable() {
        assert_eq!(plain("_ZN4core9panicking5panic17h0123456789abcdefE"), "core::panicking::panic");
        let new = plain("_RNvNtCs2fZl91Oq0qp_4core9panicking18panic_bounds_check");
        assert_eq!(new, "core::panicking::panic_bounds_check");
        assert_eq!(plain("_RNvCsfLfy6EI15iL_7___rustc17rust_begin_unwind"), "__rustc::rust_begin_unwind");
        assert_eq!(plain("UART0"), "UART0");
    }

    #[test]
    fn what_is_no_image_is_refused_and_not_read_beyond() {
        assert!(read(b"").is_err());
        let mut cut = vec![0x7F, b'E', b'L', b'F', 1, 1];
        cut.resize(0x34, 0xFF);
        assert!(read(&cut).is_err());
    }
}
