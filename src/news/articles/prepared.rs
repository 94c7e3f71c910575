//! An article that is ready to be written: its body is rendered before a connection to the database is taken, as a long one
//! takes a while.

use std::borrow::Borrow;

use diesel::prelude::*;

use crate::cpu_tasks::{CpuTasks, Permit};
use crate::db::Database;
use crate::news::articles::model::{Article, NewArticle};
use crate::news::articles::{BodyFormat, Embeds, Rendered, Rendering, render};
use crate::news::site::Site;
use crate::problem::{Fault, Problem};
use crate::schema::articles;

/// Renders bodies: whose pages they may embed, and where large ones are rendered.
#[derive(Clone, Debug)]
pub struct Renderer {
    pub embeds: Embeds,
    pub cpu_tasks: CpuTasks,
}

/// The largest body of a request that writes an article. Whatever a `GET` gives can be sent back: a body of 500,000
/// characters, its HTML of 4 MiB and its text, with all of what is no ASCII written as JSON escapes, as some clients do.
pub const MAX_BODY: usize = 16 << 20;

/// A body up to this size, in bytes, is rendered in place: in a few milliseconds.
const SMALL: usize = 8 << 10;

/// What is written: the client's document, and what was made of its body.
pub struct PreparedArticle {
    pub new: NewArticle,
    /// None where the body stays as it is stored.
    rendered: Option<Rendered>,
    /// A large body costs Postgres as much again (it is indexed and stored): the permit is held until it is written.
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
    /// Where it is too complex.
    pub fn render(new: NewArticle, rendering: &Rendering) -> Result<Self, Problem> {
        let rendered = render(&new.body, new.body_format, rendering)
            .map_err(|detail| Problem::Invalid(vec![Fault::at("/body", "too_complex", detail)]))?;
        Ok(Self {
            new,
            rendered: Some(rendered),
            permit: None,
        })
    }

    /// Renders the body, off the worker's thread where it is large.
    pub async fn prepare(
        db: &Database,
        renderer: &Renderer,
        new: NewArticle,
    ) -> Result<Self, Problem> {
        let rendering = Rendering {
            embeds: renderer.embeds.clone(),
            // The connection is given back at once.
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

    /// The document as a patch of the old article made it, with what was rendered of its body before. A body that the patch
    /// leaves as it was is not rendered again.
    pub fn fit(
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

    /// The document, and the columns that its body fills; and the permit, to be held until they are written.
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

/// A body as it is stored, in its three forms.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = articles)]
pub struct BodyColumns {
    body: String,
    body_format: BodyFormat,
    body_html: String,
    body_text: String,
    word_count: i32,
    reading_minutes: i32,
}
