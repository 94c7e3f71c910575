//! The data that handlers and middleware take as `web::Data`.

use std::sync::Arc;

use actix_web::web::{Data, ServiceConfig};

use crate::access::jwt::IdentityProvider;
use crate::access::rate_limit::Limits;
use crate::cache::ResponseCache;
use crate::config::Config;
use crate::connection::Shutdown;
use crate::connection::unsent::Unsent;
use crate::cpu_tasks::CpuTasks;
use crate::db::shares::resource_of;
use crate::db::{ConnectOptions, Database, HealthMonitor};
use crate::events::follow::{Follower, News, Signal};
use crate::http::json_body::BodySettings;
use crate::http::preconditions::RequireIfMatch;
use crate::news::articles::{Embeds, Renderer};
use crate::news::live::Streams;
use crate::news::search::SearchStatistics;
use crate::server::cached_responses::CachedResponses;
use crate::server::contract::contract;
use crate::server::middleware::RequestTimeouts;

/// Data that all workers share.
#[derive(Clone)]
pub struct SharedData {
    health: Arc<HealthMonitor>,
    limits: Data<Limits>,
    unsent: Data<Unsent>,
    shutdown: Shutdown,
    identity_provider: Option<Data<IdentityProvider>>,
    cpu_tasks: CpuTasks,
    cache: Data<ResponseCache>,
    search_statistics: Data<SearchStatistics>,
    news: Data<News>,
    streams: Data<Streams>,
    /// Keeps the cache true, for as long as a worker runs.
    _follower: Option<Arc<Follower>>,
}

impl SharedData {
    /// Starts the health monitor, and the first request for the identity provider's keys.
    ///
    /// # Errors
    /// Where the settings of the identity provider contradict each other.
    pub fn new(
        options: &ConnectOptions,
        config: &Config,
        shutdown: &Shutdown,
        cpu_tasks: CpuTasks,
    ) -> Result<Self, String> {
        let identity_provider = IdentityProvider::from_settings(&config.identity)?;
        if let Some(provider) = &identity_provider {
            provider.warm_up();
        }
        let cache = ResponseCache::new(&config.cache);
        let (follower, news) = follow(options, &cache);
        let news = Data::new(news);
        let streams = Streams::start(options, &config.streams, news.clone().into_inner());
        let silence = config.database.silence();
        Ok(Self {
            health: Arc::new(HealthMonitor::start(options, silence)),
            limits: Data::from(Limits::new(&config.limits)),
            unsent: Data::from(Unsent::new(&config.connection)),
            shutdown: shutdown.clone(),
            identity_provider: identity_provider.map(Data::from),
            cpu_tasks,
            cache: Data::from(cache),
            search_statistics: Data::default(),
            news,
            streams: Data::new(streams),
            _follower: follower,
        })
    }

    /// What answers plain requests before they are routed.
    pub fn cached_responses(&self, config: &Config) -> CachedResponses {
        let (cache, limits) = (self.cache.clone(), self.limits.clone());
        let unsent = self.unsent.clone();
        CachedResponses::new(
            cache.into_inner(),
            limits.into_inner(),
            unsent.into_inner(),
            config,
        )
    }

    /// Registers the data of one worker: one `Data` for each part of the server, which takes its own where it needs it.
    pub fn register(&self, options: &ConnectOptions, config: &Config, cfg: &mut ServiceConfig) {
        let database = Database::new(options, &config.database, self.health.clone(), resources());
        cfg.app_data(Data::new(database))
            .app_data(self.cache.clone())
            .app_data(self.search_statistics.clone())
            .app_data(self.news.clone())
            .app_data(self.streams.clone())
            .app_data(self.limits.clone())
            .app_data(self.unsent.clone())
            .app_data(Data::new(self.shutdown.clone()))
            .app_data(Data::new(config.connection.proxies.clone()))
            .app_data(Data::new(config.caching.clone()))
            .app_data(Data::new(config.security.clone()))
            .app_data(Data::new(RequestTimeouts::new(config)))
            .app_data(Data::new(RequireIfMatch(config.require_if_match)))
            .app_data(Data::new(BodySettings {
                timeout: config.connection.body_timeout(),
                cpu_tasks: self.cpu_tasks.clone(),
            }))
            .app_data(Data::new(Renderer {
                embeds: Embeds::new(&config.embed_hosts),
                cpu_tasks: self.cpu_tasks.clone(),
            }));
        if let Some(provider) = &self.identity_provider {
            cfg.app_data(provider.clone());
        }
    }
}

/// Follows the log of changes: for the cache at once, where there is one, and for others when they need it.
fn follow(options: &ConnectOptions, cache: &Arc<ResponseCache>) -> (Option<Arc<Follower>>, News) {
    if !cache.is_on() {
        return (None, News::follow_when_needed(options));
    }
    let signal = Signal::default();
    // The cache first: nobody is told of what it still has from before.
    let follower = Follower::start(options, vec![cache.clone(), Arc::new(signal.clone())]);
    cache.set_log(follower.state());
    (Some(Arc::new(follower)), News::followed(signal))
}

/// The resources of the contract, each of which gets a share of the connections.
fn resources() -> impl Iterator<Item = String> {
    let paths = contract()["paths"].as_object();
    let paths = paths.into_iter().flat_map(|paths| paths.keys());
    paths.filter_map(|path| resource_of(path).map(str::to_owned))
}
