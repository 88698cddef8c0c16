//! Bounds on what a document may cost before it is refused.

/// Bounds of one document. Every one of them is checked while reading, before memory is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Greatest nesting of elements; the root is at depth 1.
    pub depth: usize,
    /// Greatest number of attributes of one element, namespace declarations included.
    pub attributes: usize,
    /// Greatest length of a qualified name, in bytes.
    pub name_bytes: usize,
    /// Greatest length of one run of text or of one attribute value, in bytes.
    pub text_bytes: usize,
    /// Greatest length of the document, in bytes of UTF-8.
    pub document_bytes: usize,
    /// Greatest number of elements.
    pub elements: usize,
}

impl Default for Limits {
    /// Room for the largest forms of the ministry (a UNIPI of a large employer is about 1 MB, some 20 levels
    /// deep), and little more.
    fn default() -> Self {
        Self {
            depth: 64,
            attributes: 128,
            name_bytes: 256,
            text_bytes: 16 << 20,
            document_bytes: 16 << 20,
            elements: 1 << 20,
        }
    }
}
