//! What a stream has missed before it joined the others.

use std::collections::VecDeque;
use std::sync::Arc;

use actix_web::web::{Bytes, Data};
use tokio::sync::Semaphore;

use super::frames;
use crate::db::Database;
use crate::events::position::Position;
use crate::news::changes::{Batch, Selection, head};
use crate::news::content::visibility::Visibility;
use crate::problem::Problem;

/// How many changes are read at once.
const BATCH: usize = 200;

/// Reads the log from an earlier place up to the place of the others.
pub struct CatchUp {
    pub db: Data<Database>,
    /// Limits how many streams of the process catch up at once.
    pub gate: Arc<Semaphore>,
    pub selection: Arc<Selection>,
    pub visibility: Visibility,
    pub from: Position,
    pub until: Position,
}

/// What was read, and whether there is more.
pub struct CaughtUp {
    pub frames: VecDeque<Bytes>,
    pub more: bool,
}

impl CatchUp {
    /// Reads the next part.
    ///
    /// # Errors
    /// Where the database can't be read.
    pub async fn read(&mut self) -> Result<CaughtUp, Problem> {
        let _permit = self.gate.acquire().await.map_err(Problem::internal)?;
        let mut conn = self.db.unshared_connection().await?;
        let (from, until) = (self.from.clone(), self.until.seen.clone());
        let visibility = self.visibility;
        let batch = conn
            .build_transaction()
            .read_only()
            .repeatable_read()
            .run(async |conn| {
                if !head(conn).await?.can_resume(&from) {
                    return Ok::<_, Problem>(None);
                }
                Batch::read(conn, &from, &until, BATCH, &[visibility])
                    .await
                    .map(Some)
            })
            .await?;
        let Some(batch) = batch else {
            let frames = [frames::reset(), frames::place(&self.until)].into();
            return Ok(CaughtUp {
                frames,
                more: false,
            });
        };
        let selected = batch.changes[0].iter().filter_map(|change| {
            let selected = self.selection.select(change)?;
            let id = frames::cursor(&batch.place_after(&self.from, change));
            Some(frames::of_change(change, selected, &id))
        });
        let mut frames: VecDeque<Bytes> = selected.collect();
        if !batch.more {
            frames.push_back(frames::place(&self.until));
        }
        self.from = batch.next;
        Ok(CaughtUp {
            frames,
            more: batch.more,
        })
    }
}
