//! An article that is ready to be written. Its body is rendered before a database connection is taken, because a long body
//! takes a while.

use std::borrow::Borrow;

use diesel::prelude::*;

use crate::cpu_tasks::{CpuTasks, Permit};
use crate::db::Database;
use crate::news::articles::model::{Article, NewArticle};
use crate::news::articles::{BodyFormat, Embeds, Rendered, Rendering, render};
use crate::news::site::Site;
use crate::problem::{Fault, FaultCode, Problem};
use crate::schema::articles;

/// The settings for rendering bodies: the hosts that may be embedded, and the threads for large bodies.
#[derive(Clone, Debug)]
pub struct Renderer {
    pub embeds: Embeds,
    pub cpu_tasks: CpuTasks,
}

/// The largest request that writes an article. The response to a `GET` can be sent back: a body of 500,000 characters, its
/// HTML of 4 MiB and its text, with JSON escapes for all that isn't ASCII, as some clients write them.
pub const MAX_BODY: usize = 16 << 20;

/// A body up to this size, in bytes, is rendered on the worker thread: that takes a few milliseconds.
const SMALL: usize = 8 << 10;

/// The client's document and its rendered body.
pub struct PreparedArticle {
    pub new: NewArticle,
    /// None if the stored body stays.
    rendered: Option<Rendered>,
    /// Storing and indexing a large body costs Postgres as much again, so the permit is held until it is written.
    permit: Option<Permit>,
}

impl From<NewArticle> for PreparedArticle {
    fn from(new: NewArticle) -> Self {
        Self {
            new,
            rendered: None,
            permit: None,
        }
    }
}

impl Borrow<NewArticle> for PreparedArticle {
    fn borrow(&self) -> &NewArticle {
        &self.new
    }
}

impl PreparedArticle {
    /// Renders the body.
    ///
    /// # Errors
    /// The body is too complex.
    pub fn render(new: NewArticle, rendering: &Rendering) -> Result<Self, Problem> {
        let rendered = render(&new.body, new.body_format, rendering).map_err(|detail| {
            Problem::Invalid(vec![Fault::at("/body", FaultCode::TooComplex, detail)])
        })?;
        Ok(Self {
            new,
            rendered: Some(rendered),
            permit: None,
        })
    }

    /// Renders the body, on another thread if it is large.
    pub async fn prepare(
        db: &Database,
        renderer: &Renderer,
        new: NewArticle,
    ) -> Result<Self, Problem> {
        let rendering = Rendering {
            embeds: renderer.embeds.clone(),
            // The connection is returned to the pool at once.
            base: Site::base(&mut *db.connection().await?).await?,
        };
        let is_small = new.body.len() <= SMALL;
        let task = move || Self::render(new, &rendering);
        let (prepared, permit) = renderer.cpu_tasks.run_and_hold(is_small, task).await?;
        Ok(Self {
            permit,
            ..prepared?
        })
    }

    /// A patched document with the body that was rendered before. A body that the patch doesn't change isn't rendered again;
    /// the document comes back if its body has yet to be rendered.
    pub fn reuse(
        old: &Article,
        new: NewArticle,
        prepared: Option<Self>,
    ) -> Result<Self, Box<NewArticle>> {
        let same = |body: &str, format| body == new.body && format == new.body_format;
        if same(
            old.bodies.body.as_deref().unwrap_or_default(),
            old.body_format,
        ) {
            return Ok(new.into());
        }
        match prepared {
            Some(prepared) if same(&prepared.new.body, prepared.new.body_format) => {
                Ok(Self { new, ..prepared })
            }
            _ => Err(Box::new(new)),
        }
    }

    /// The document, the columns of its body, and the permit, which is held until they are written.
    pub fn into_columns(self) -> (NewArticle, Option<BodyColumns>, Option<Permit>) {
        let Self {
            mut new,
            rendered,
            permit,
        } = self;
        let body = std::mem::take(&mut new.body);
        let body_format = new.body_format;
        let columns = rendered.map(|rendered| BodyColumns {
            body,
            body_format,
            body_html: rendered.html,
            body_text: rendered.text,
            word_count: rendered.word_count,
            reading_minutes: rendered.reading_minutes,
        });
        (new, columns, permit)
    }
}

/// The columns of a body in its three forms.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = articles, treat_none_as_default_value = false)]
pub struct BodyColumns {
    body: String,
    body_format: BodyFormat,
    body_html: String,
    body_text: String,
    word_count: i32,
    reading_minutes: i32,
}

impl BodyColumns {
    /// The plain text.
    pub fn text(&self) -> &str {
        &self.body_text
    }
}
