-- Requests the paths of a file in turn, with the body of another file as a POST if there is one, and prints the result in one line:
-- requests, microseconds, failures, then the latencies p50 and p99 in microseconds.

local requests, at = {}, 0

function init(arguments)
    local method, body = "GET", nil
    if arguments[2] then
        method, body = "POST", io.open(arguments[2]):read("*a")
        wrk.headers["Content-Type"] = "application/json"
    end
    for path in io.lines(arguments[1]) do
        table.insert(requests, wrk.format(method, path, nil, body))
    end
end

function request()
    at = at % #requests + 1
    return requests[at]
end

function done(summary, latency)
    local failed = summary.errors
    print(string.format("RESULT %d %d %d %d %d",
        summary.requests, summary.duration,
        failed.connect + failed.read + failed.write + failed.status + failed.timeout,
        latency:percentile(50), latency:percentile(99)))
end
