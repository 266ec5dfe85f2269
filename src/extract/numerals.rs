//! Numbers as they are written: digits, full-width digits, Chinese numerals, and mixtures of them.
