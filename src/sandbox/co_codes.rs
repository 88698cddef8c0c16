//! The codice comunicazione that the node gives to every communication.
//!
//! "Comunicazioni obbligatorie Gente di Mare, Modelli e regole" §3.1: region of provenance, 5 digits "using the table
//! regioni province autonome"; year, 2 digits; kind of provenance, 1 character; progressive, 8 digits.
//!
//! The table itself is not published. The codes that the ministry prints show its make-up: `13004 11 3 00001000`, in
//! the example of "Invio delle CO in modalità JSON Nativo", is Piemonte (13 in the ministry's own numbering of regions
//! and autonomous provinces) and Cuneo (004 in ISTAT's numbering of provinces). A region sends from its capital here,
//! so the five digits are the region's number and its capital's province.

use std::collections::HashMap;

/// Name on the busta, ministry's number, ISTAT's number of the capital's province.
const REGIONS: [(&str, &str, &str); 21] = [
    ("ABRUZZO", "01", "066"),
    ("BASILICATA", "02", "076"),
    ("BOLZANO", "03", "021"),
    ("CALABRIA", "04", "079"),
    ("CAMPANIA", "05", "063"),
    ("EMILIA", "06", "037"),
    ("FRIULI", "07", "032"),
    ("LAZIO", "08", "058"),
    ("LIGURIA", "09", "010"),
    ("LOMBARDIA", "10", "015"),
    ("MARCHE", "11", "042"),
    ("MOLISE", "12", "070"),
    ("PIEMONTE", "13", "001"),
    ("PUGLIA", "14", "072"),
    ("SARDEGNA", "15", "092"),
    ("SICILIA", "16", "082"),
    ("TOSCANA", "17", "048"),
    ("TRENTO", "18", "022"),
    ("UMBRIA", "19", "054"),
    ("VAL D'AOSTA", "20", "007"),
    ("VENETO", "21", "027"),
];

/// A region or autonomous province.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Region {
    /// The ministry's number, two digits.
    pub(super) code: &'static str,
    province: &'static str,
}

/// The region that writes this name on the busta.
pub(super) fn region(name: &str) -> Option<Region> {
    REGIONS.iter().find(|(known, ..)| *known == name).map(|(_, code, province)| Region { code, province })
}

/// The names of all regions, as they stand on the busta.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    REGIONS.iter().map(|(name, ..)| *name)
}

/// The counters of the codes given so far.
#[derive(Debug, Default)]
pub(super) struct CommunicationCodes {
    last: HashMap<String, u32>,
}

impl CommunicationCodes {
    /// A fresh code for a communication of `form` that `region` sends in `year`.
    pub(super) fn give(&mut self, region: Region, year: i16, form: &str) -> String {
        let prefix = format!("{}{}{:02}{}", region.code, region.province, year.rem_euclid(100), origin(form));
        let last = self.last.entry(prefix.clone()).or_default();
        // Eight digits are what the code has room for.
        *last = (*last + 1) % 100_000_000;
        format!("{prefix}{last:08}")
    }
}

/// The kind of provenance. §3.1 gives UNIMARE's: 6 web, 7 import, A from office; a machine that sends is an import. For
/// the other forms the list is not published; 3 is what the ministry's example of such a message shows.
fn origin(form: &str) -> char {
    if form == "UNIMARE" { '7' } else { '3' }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_region_year_origin_and_progressive() {
        let mut codes = CommunicationCodes::default();
        let piemonte = region("PIEMONTE").unwrap();
        assert_eq!(codes.give(piemonte, 2026, "UNILAV"), "1300126300000001");
        assert_eq!(codes.give(piemonte, 2026, "UNILAV"), "1300126300000002");
        assert_eq!(codes.give(piemonte, 2026, "UNIMARE"), "1300126700000001");
        assert_eq!(codes.give(piemonte, 2027, "UNILAV"), "1300127300000001");
        assert_eq!(codes.give(region("VAL D'AOSTA").unwrap(), 2026, "UNILAV"), "2000726300000001");
    }

    #[test]
    fn the_regions_are_numbered_in_alphabetical_order_without_gaps() {
        let numbers: Vec<String> = REGIONS.iter().map(|(_, code, _)| (*code).to_owned()).collect();
        let wanted: Vec<String> = (1..=21).map(|number| format!("{number:02}")).collect();
        assert_eq!(numbers, wanted);
        assert!(REGIONS.is_sorted_by_key(|(name, ..)| *name));
        assert!(region("ATLANTIDE").is_none());
    }
}
