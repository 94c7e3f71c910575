//! `fields=`: which fields of a resource a response has, at most one level down.

use actix_web::{HttpResponse, HttpResponseBuilder};
use serde::Serialize;
use serde_json::Value;

use crate::http::messages;
use crate::http::schema::{FieldNames, HasFields};
use crate::problem::{Problem, Text};

/// The selected fields; without a selection, those that are there by default.
#[derive(Clone, Debug, Default)]
pub struct Fields(Option<SelectedFields>);

/// Each selected field and, if only some of the fields within it were selected, these.
type SelectedFields = Vec<(String, Option<Vec<String>>)>;

/// The field of a tree node that holds its children.
const CHILDREN: &str = "children";

/// Fields that are sent without being selected: what an item is, and which one.
const ALWAYS: [&str; 2] = ["id", "type"];

impl Fields {
    /// Parses a comma-separated list of field names of a type.
    ///
    /// # Errors
    /// A sentence about the first wrong name.
    pub fn read<T: HasFields>(value: &str) -> Result<Self, Text> {
        let mut selected: SelectedFields = Vec::new();
        for name in value.split(',') {
            let (outer, inner) = match name.split_once('.') {
                Some((outer, inner)) => (outer, Some(inner)),
                None => (name, None),
            };
            check::<T>(outer, inner)?;
            let known = selected.iter_mut().find(|(known, _)| known == outer);
            match (known, inner) {
                (None, inner) => {
                    selected.push((outer.to_owned(), inner.map(|inner| vec![inner.to_owned()])));
                }
                (Some((_, Some(some))), Some(inner))
                    if !some.iter().any(|known| known == inner) =>
                {
                    some.push(inner.to_owned());
                }
                _ => {
                    return Err(messages::field_twice(outer, name));
                }
            }
        }
        Ok(Self(Some(selected)))
    }

    /// Whether responses have this field: `fields` names it or, without `fields`, it is there by default.
    pub fn includes(&self, field: &str, by_default: bool) -> bool {
        match &self.0 {
            None => by_default,
            Some(fields) => fields.iter().any(|(selected, _)| selected == field),
        }
    }

    /// Whether responses have this field within another.
    pub fn includes_within(&self, outer: &str, field: &str, by_default: bool) -> bool {
        match &self.0 {
            None => by_default,
            Some(fields) => fields.iter().any(|(selected, inner)| {
                selected == outer
                    && match inner {
                        None => by_default,
                        Some(inner) => inner.iter().any(|selected| selected == field),
                    }
            }),
        }
    }

    /// Each row as JSON with only the selected fields; `None` without `fields`.
    pub fn of_each<T: Serialize>(&self, rows: &[T]) -> Result<Option<Vec<Value>>, Problem> {
        let Some(fields) = &self.0 else {
            return Ok(None);
        };
        let rows = rows.iter().map(|row| only(row, fields));
        rows.collect::<Result<_, _>>().map(Some)
    }

    /// The response with the selected fields of one resource.
    pub fn to_response(
        &self,
        response: &mut HttpResponseBuilder,
        resource: &impl Serialize,
    ) -> Result<HttpResponse, Problem> {
        Ok(match &self.0 {
            None => response.json(resource),
            Some(fields) => response.json(only(resource, fields)?),
        })
    }
}

/// Checks that a type has a field and, if given, another within it.
fn check<T: HasFields>(outer: &str, inner: Option<&str>) -> Result<(), Text> {
    let known = FieldNames::of::<T>();
    let within = known.iter().find(|field| field.name == outer);
    let within = within.ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|field| field.name.as_str()).collect();
        match outer {
            "" => messages::empty_field_name(names.join(", ")),
            _ => messages::no_field(outer, names.join(", ")),
        }
    })?;
    match inner {
        Some(inner) if !within.inner.iter().any(|field| field == inner) => {
            Err(match within.inner.as_slice() {
                [] => messages::nothing_within(outer),
                names => messages::no_field_within(outer, inner, names.join(", ")),
            })
        }
        _ => Ok(()),
    }
}

fn only(row: &impl Serialize, fields: &SelectedFields) -> Result<Value, Problem> {
    let mut value = serde_json::to_value(row).map_err(Problem::internal)?;
    prune(&mut value, fields);
    Ok(value)
}

/// Keeps only these fields, and those that are always there. A tree keeps its shape: `children` stay, each with these fields.
fn prune(value: &mut Value, fields: &SelectedFields) {
    let Some(object) = value.as_object_mut() else {
        return;
    };
    let selected = |name: &str| fields.iter().any(|(selected, _)| selected == name);
    let is_kept = |name: &str| selected(name) || ALWAYS.contains(&name) || name == CHILDREN;
    object.retain(|name, _| is_kept(name));
    for (name, inner) in fields {
        if let (Some(inner), Some(value)) = (inner, object.get_mut(name)) {
            keep_only(value, inner);
        }
    }
    let children = object.get_mut(CHILDREN).and_then(Value::as_array_mut);
    for child in children.into_iter().flatten() {
        prune(child, fields);
    }
}

/// Keeps only some fields of an object or of each object in a list.
fn keep_only(value: &mut Value, fields: &[String]) {
    match value {
        Value::Object(object) => object.retain(|name, _| fields.contains(name)),
        Value::Array(items) => items.iter_mut().for_each(|item| keep_only(item, fields)),
        _ => {}
    }
}
