// Lists, creates and changes headlines with the models that openapi-generator generates for Kotlin (kotlinx.serialization),
// and the HTTP client of the JDK.
//
//     java MainKt URL KEY

import java.net.URI
import java.net.URLEncoder
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpRequest.BodyPublishers
import java.net.http.HttpResponse
import java.net.http.HttpResponse.BodyHandlers
import java.util.UUID
import kotlinx.serialization.encodeToString
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.jsonPrimitive
import manchette.infrastructure.Serializer
import manchette.models.ArticleHit
import manchette.models.Headline
import manchette.models.HeadlineHit
import manchette.models.HeadlinePage
import manchette.models.HeadlinePatch
import manchette.models.NewHeadline
import manchette.models.Priority
import manchette.models.Problem
import manchette.models.ProblemType
import manchette.models.SearchHitPage

lateinit var base: String
lateinit var key: String
lateinit var json: Json
val http: HttpClient = HttpClient.newHttpClient()

fun send(method: String, path: String, body: String? = null, vararg headers: String): HttpResponse<String> {
    val request = HttpRequest.newBuilder(URI.create(base + path))
        .method(method, body?.let(BodyPublishers::ofString) ?: BodyPublishers.noBody())
        .headers("Authorization", "Bearer $key", "Content-Type", "application/json", *headers)
    return http.send(request.build(), BodyHandlers.ofString())
}

inline fun <reified Body> HttpResponse<String>.read(status: Int): Body {
    check(statusCode() == status) { "${statusCode()} ${body()}" }
    return json.decodeFromString(body())
}

fun main(args: Array<String>) {
    base = args[0]
    key = args[1]
    // A field that is not set must not be sent: `null` would clear it.
    Serializer.kotlinxSerializationJsonConfiguration = { encodeDefaults = false }
    json = Serializer.kotlinxSerializationJson

    // List, page to the end.
    var count = 0
    var cursor: String? = null
    do {
        val from = cursor?.let { "&cursor=" + URLEncoder.encode(it, Charsets.UTF_8) } ?: ""
        val page: HeadlinePage = send("GET", "/v1/headlines?limit=50$from").read(200)
        count += page.items.size
        cursor = page.page.next
    } while (cursor != null)
    println("$count headlines")

    // Create. A retry with the same key creates nothing.
    val idempotencyKey = UUID.randomUUID().toString()
    val new = json.encodeToString(NewHeadline(title = "Le port rouvre à midi", language = "fr", source = "Agence Oued"))
    val created = send("POST", "/v1/headlines", new, "Idempotency-Key", idempotencyKey)
    val retried = send("POST", "/v1/headlines", new, "Idempotency-Key", idempotencyKey)
    val headline: Headline = created.read(201)
    check(headline.id == retried.read<Headline>(201).id)
    val etag = created.headers().firstValue("ETag").get()

    // Change that version. A field that is not given stays; `clear` clears one.
    val patch = json.encodeToString(HeadlinePatch(title = "Le port rouvre à 14 heures", priority = Priority.breaking))
    check(patch == """{"title":"Le port rouvre à 14 heures","priority":"breaking"}""") { patch }
    fun change() = send("PATCH", "/v1/headlines/${headline.id}?clear=source", patch, "If-Match", etag)
    val changed: Headline = change().read(200)
    check(changed.source == null && changed.priority == Priority.breaking && changed.version == 2)
    println(changed.title)

    // The same tag again is refused: the version is another one now.
    val stale: Problem = change().read(412)
    check(stale.type == ProblemType.PRECONDITION_FAILED)
    println("refused: ${stale.detail}")

    // Every fault of a body, with a code for programs.
    val invalid: Problem = send("POST", "/v1/headlines", """{"title": " ", "language": "French"}""").read(422)
    for (fault in invalid.errors) println("${fault.pointer} ${fault.code}")

    // A search result is an article or a headline; `type` tells which.
    val found: SearchHitPage = send("GET", "/v1/search?q=port").read(200)
    for (hit in found.items) {
        when (hit.getValue("type").jsonPrimitive.content) {
            "article" -> println("article ${json.decodeFromJsonElement(ArticleHit.serializer(), hit).article.title}")
            "headline" -> println("headline ${json.decodeFromJsonElement(HeadlineHit.serializer(), hit).headline.title}")
        }
    }

    // A value of a later version is no error.
    val later = json.encodeToString(changed).replace("breaking", "urgent").replaceFirst("{", """{"mood": "calm",""")
    check(json.decodeFromString<Headline>(later).priority == Priority.unknown_default_open_api)
}
