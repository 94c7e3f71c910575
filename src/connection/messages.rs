//! The details of problems of connections, in English and French.

crate::messages! {
    head_malformed(why) = "{why}",
        "l’en-tête n’est pas du HTTP/1 valide : « {why} »";
    chunks_malformed(why) = "the body's chunks: {why}",
        "les fragments du corps sont mal formés : « {why} »";
    too_many_header_lines(lines) = "a request may have at most {lines} header lines",
        "une requête peut avoir {lines} lignes d’en-tête au plus";
    header_lines_too_long(bytes) = "the header lines may have at most {bytes} bytes together",
        "les lignes d’en-tête peuvent avoir {bytes} octets au plus, toutes ensemble";
    head_too_large(lines, bytes) = "a request may have at most {lines} header lines, and {bytes} bytes of them",
        "une requête peut avoir {lines} lignes d’en-tête au plus, et {bytes} octets en tout";
    too_many_connections() = "the server has as many connections open as it may",
        "le serveur a atteint son nombre maximal de connexions";
    too_many_unsent() = "too many answers wait to be received",
        "trop de réponses attendent d’être reçues";
    connections_of_address() = "too many connections from this address",
        "trop de connexions depuis cette adresse";
}
