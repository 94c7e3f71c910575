// Lists, creates and changes headlines with the client that openapi-generator generates for Swift (swift6).
//
//     main URL KEY

import Foundation
import Manchette

let api = ManchetteAPIConfiguration(
    basePath: CommandLine.arguments[1],
    customHeaders: ["Authorization": "Bearer \(CommandLine.arguments[2])"]
)

/// The problem of a response that is an error.
func problem(_ failure: ErrorResponse) throws -> Problem {
    guard case .error(_, let body?, _, let error) = failure else { throw failure }
    guard case .success(let problem) = api.codableHelper.decode(Problem.self, from: body) else { throw error }
    return problem
}

// List, page to the end.
var count = 0
var cursor: String?
repeat {
    let page = try await HeadlinesAPI.listHeadlines(limit: 50, cursor: cursor, apiConfiguration: api)
    count += page.items.count
    cursor = page.page.next
} while cursor != nil
print(count, "headlines")

// Create. A retry with the same key creates nothing.
let key = UUID().uuidString
let new = NewHeadline(title: "Le port rouvre à midi", language: "fr", source: "Agence Oued")
let created = try await HeadlinesAPI.createHeadlineWithRequestBuilder(newHeadline: new, idempotencyKey: key, apiConfiguration: api).execute()
let retried = try await HeadlinesAPI.createHeadline(newHeadline: new, idempotencyKey: key, apiConfiguration: api)
precondition(created.body.id == retried.id)
let id = created.body.id
let etag = created.header.first { $0.key.lowercased() == "etag" }?.value
precondition(etag != nil)

// Change that version. A field that is not given stays; `clear` clears one.
let patch = HeadlinePatch(title: "Le port rouvre à 14 heures", priority: .breaking)
let changed = try await HeadlinesAPI.updateHeadline(id: id, headlinePatch: patch, clear: "source", ifMatch: etag, apiConfiguration: api)
precondition(changed.source == nil && changed.priority == .breaking)

// The same tag again is refused: the version is another one now.
do {
    _ = try await HeadlinesAPI.updateHeadline(id: id, headlinePatch: patch, ifMatch: etag, apiConfiguration: api)
} catch let failure {
    let stale = try problem(failure)
    precondition(stale.type == .PRECONDITION_FAILED)
    print("refused:", stale.detail)
}

// Every fault of a body, with a code for programs.
do {
    let unset = NewHeadline(title: "Titre", language: "fr", status: .scheduled)
    _ = try await HeadlinesAPI.createHeadline(newHeadline: unset, apiConfiguration: api)
} catch let failure {
    for fault in try problem(failure).errors { print(fault.pointer ?? "", fault.code.rawValue) }
}

// A search result is an article or a headline.
for hit in try await SearchAPI.search(q: "port", apiConfiguration: api).items {
    switch hit {
    case .typeArticleHit(let hit): print("article", hit.article.title)
    case .typeHeadlineHit(let hit): print("headline", hit.headline.title)
    }
}
