//! Which elements of a document go to JSON as they stand: as a string that holds their XML.
//!
//! JSON has no place for names that alternate, for mixed content and for what a wildcard lets in. A service may have the
//! element around such content carried whole; it is validated like any other, on the way there and on the way back.

use std::collections::{BTreeSet, HashMap};

use super::plan::{ANY_TYPE, Content, ElementId, Plan, TypeId};

/// The elements that a service wants carried as they stand.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Verbatim {
    /// None.
    #[default]
    Nothing,
    /// The root: the document is one string.
    Whole,
    /// Those of these names. A name may say in what the element stands: `Sede/nota`.
    Elements(Vec<String>),
}

/// No element below the root has the name that was given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no element below <{root}> is {name}")]
pub struct NoElement {
    /// The root element.
    pub root: String,
    /// The name.
    pub name: String,
}

/// The elements that can stand below a root, and what each can stand in.
struct Below<'p> {
    plan: &'p Plan,
    parents: HashMap<ElementId, BTreeSet<ElementId>>,
}

impl Verbatim {
    /// The declarations that are meant.
    pub(super) fn choose(&self, plan: &Plan, root: ElementId) -> Result<BTreeSet<ElementId>, NoElement> {
        let names = match self {
            Self::Nothing => return Ok(BTreeSet::new()),
            Self::Whole => return Ok([root].into()),
            Self::Elements(names) => names,
        };
        let below = Below::of(plan, root);
        let mut chosen = BTreeSet::new();
        for name in names {
            let steps: Vec<&str> = name.split('/').collect();
            let meant: Vec<ElementId> =
                below.parents.keys().copied().filter(|id| below.is(*id, &steps)).collect();
            if meant.is_empty() {
                let root = plan.elements.at(root).local.to_string();
                return Err(NoElement { root, name: name.clone() });
            }
            chosen.extend(meant);
        }
        Ok(chosen)
    }
}

impl<'p> Below<'p> {
    fn of(plan: &'p Plan, root: ElementId) -> Self {
        let mut below = Self { plan, parents: HashMap::from([(root, BTreeSet::new())]) };
        let mut queue = vec![root];
        while let Some(parent) = queue.pop() {
            for child in children(plan, parent) {
                if !below.parents.contains_key(&child) {
                    queue.push(child);
                }
                below.parents.entry(child).or_default().insert(parent);
            }
        }
        below
    }

    /// Whether the last of the steps is the element's name, and the others are of what it can stand in.
    fn is(&self, element: ElementId, steps: &[&str]) -> bool {
        let Some((name, around)) = steps.split_last() else { return true };
        *self.plan.elements.at(element).local == **name
            && (around.is_empty()
                || self.parents.get(&element).into_iter().flatten().any(|parent| self.is(*parent, around)))
    }
}

/// The elements that the type of an element names as its children.
pub(super) fn children(plan: &Plan, element: ElementId) -> impl Iterator<Item = ElementId> {
    let positions = match plan.elements.at(element).of {
        TypeId::Simple(_) | TypeId::Complex(ANY_TYPE) => &[],
        TypeId::Complex(id) => match &plan.complexes.at(id).content {
            Content::Elements(model) => model.positions.all(),
            Content::Empty | Content::Simple(_) => &[],
        },
    };
    positions.iter().filter(|p| p.wildcard.is_none()).map(|p| p.element)
}
