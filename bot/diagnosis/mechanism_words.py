"""The words by which any library tells of a mechanism, as patterns close together.

A line without indent names a mechanism, the lines below it are its patterns: RE2, in any case, with
"…" for up to 80 characters. `<name>` stands for a group of words. The first mechanism that is found
counts: what is above is more telling than what is below.
"""

from __future__ import annotations

GROUPS = r"""
<limited> exceed\w*|exhaust\w*|reached|used up|insufficient|over|not enough
<over> exhausted|exceeded|expired|ended|used up|over
<refused> denied|forbidden|not (allowed|authori[sz]ed|permitted)|lacks?|missing|insufficient
<gone> terminat(ed|ion)|preempted|reclaimed|interrupted|evicted|drained|shut ?down|removed
<clash> conflict\w*|concurrent\w*|locked|held|busy|in use|another (process|session|transaction|run)
<bad> invalid|malformed|corrupt\w*|mismatch\w*|unexpected|not a valid
<value> decode|convert|cast|read as|as dtype|checksum|date|timestamp|number|value|row|record|utf-?8
<unable> cannot|could not|can't|couldn't|unable to|failed to
<machine> v?cpus?|gpus?|tpus?|cores|instances?|nodes|machines
<key> credential|token|password|secret|(api|access)[ _-]?key|login|session
<who> user|account|role|principal|client|ip|address|token|you|identity|arn\S*
<server> broker|endpoint|host|server|upstream
<lost> not found|does not exist|doesn't exist|missing|not present|no longer exists?
<work> query|statement|job|execution|operation|transaction
<test> check|test|expectation|assertion|validation|threshold|constraint|freshness|anomaly
<broken> failed|not met|violated|breached|exceeded|unsuccessful|stale
<input> file|key|object|blob|path|partition|prefix|feed|topic|dataset|message
<ending> py|sh|sql|jar|js|ipynb|ya?ml|toml|cfg|ini|h5|pkl|pem
<unopened> no such file|not found|can(not|'t) open|no file or directory|unable to (open|access)
<home> /(home|opt|usr|Users)/|/(root|app)\b|[A-Za-z]:\\|\.{1,2}/
"""

LEXICON = r"""
no_variable
  \bvariable\b…\b(not found|does not exist|not defined|undefined|not set)\b
no_connection
  \bconn(ection)?( id)?\b…\b(isn't|is not|not|never) (defined|found|configured)\b
no_dag
  \b(dag|task|pool|xcom)\b…\b(not (be )?found|does not exist|not exist)\b
handles
  \btoo many open\b
  \bcan'?t start new (thread|process)\b
  \bresource temporarily unavailable\b
  \b(inotify|file descriptor|thread|process)s?\b…\blimit\b
exists
  \balready (exists?|in use|owned by)\b
  \bduplicate (key|entry|table|column|object|value|row)s?\b
machines
  \b(quota|limit)s?\b…\b<machine>\w*
  \b<machine>\b…\b(quota|limit)s?\b…<limited>
  <limited>…\b<machine>\b…\b(quota|limit|available)
  \b(not?|n't|insufficient|out of|no)\b…\b(spot |on-demand |instance |machine )?capacity\b
  \b(out of stock|stock ?out|no (machines|instances|nodes) available|could not be provisioned)\b
throttled
  \bthrottl\w+
  \brate[ -]?limit\w*
  \btoo ?many ?requests\b
  \bslow ?down\b
  \breduce your request rate\b
  \b(request|call|api|pull)s?\b…\blimit\b…\b(exceeded|reached)\b
  \blimit exceeded\b…\brequests?\b
  \b(server|service|queue) (is )?(busy|overloaded)\b
  \bcircuit[ _]break\w+
quota
  \bquotas?\b…<limited>
  <limited>…\bquotas?\b
  \b(credits?|budget|billing|free tier|trial|subscription)\b…\b<over>\b
  \btoo many (parts|partitions|concurrent|simultaneous|queued|running)\b
  \b(query|statement|node|cluster|warehouse)\b…\bexceeded\b…\bmemory\b
  \bmemory limit\b…\bexceeded\b
disk
  \b(disk|device|volume|filesystem|storage|tablespace)\b…\b(full|no space|out of space)\b
  \bno space left\b
  \bout of disk\b
memory
  \bout of memory\b
  \balloc(ation)? fail\w*
  \bcannot allocate\b
  \bmemory\b…\b(exhausted|running low|used up)\b
  \bheap (space|limit)\b
  \bbad_alloc\b
  \bnot enough memory\b
machine_gone
  \b(spot|preemptible|host|node|instance|vm|machine)s?\b…\b<gone>\b
  \b(lost|dead|unhealthy) (node|executor|worker|driver)\b
  \bnode\b…\bnot ready\b
certificate
  \bcertificate\b…\b(verify|expired|invalid|untrusted|unknown|self[ -]signed)\b
  \b(tls|ssl)\b…\b(handshake|alert|error|fail\w*)\b
login
  \b<key>s?\b…\b(expired|invalid|incorrect|revoked|rejected|wrong|disabled|not valid)\b
  \b(invalid|expired|incorrect|wrong|bad|revoked)\b…\b<key>s?\b
  \bauthenticat\w+\b…\b(fail\w*|required|error|rejected|denied)\b
  \bunauthenticated\b
  \bunauthorized\b
  \bnot logged in\b
  \b(mfa|multi-factor|two-factor)\b
contention
  \bdeadlock\w*
  \block\b…\b(timeout|timed out|wait|conflict\w*|acquir\w*|held)\b
  \b(acquir\w+|obtain\w*|get|set) …\block\b
  \b(transaction|commit|write|update|table|database|branch|statement|state)\b…\b<clash>\b
  \b<clash>\b…\b(transaction|update|commit|write|lock)\b
  \bserializ\w+ (failure|isolation|access)\b
  \bconditional (check|request)\b…\bfailed\b
permission
  \b(permission|privilege|access|grant|role|right|scope|policy)s?\b…\b<refused>\b
  \b<refused>\b…\b(permission|privilege|access|scope|role)s?\b
  \b<who>\b…\bnot (allowed|permitted)\b
  \bnot (authorized|authorised) (to|for)\b
  \bread[ -]only (transaction|database|mode|file ?system|replica)\b
name
  \bname (or service )?(not known|resolution)\b
  \b<unable> resolve\b…(host|name|address|\w\.\w)
  \bNXDOMAIN\b
  \bno such host\b
  \bunknown host\b
refused
  \bconnection refused\b
  \bactively refused\b
  \bECONNREFUSED\b
  \bno route to host\b
  \b(network|host) (is )?unreachable\b
  \b<server>s?\b…\b(are|is)? ?(down|unreachable|not reachable|not available)\b
  \b<unable> connect\b
cut
  \bconnection\b…\b(reset|closed|lost|aborted|dropped|terminated)\b
  \b(lost|closed|broken|terminating) connection\b
  \bbroken pipe\b
  \bunexpected eof\b
  \bserver (has )?(gone away|closed)\b
too_slow
  \b<work>\b…\b(time(d)?[ -]?out|time limit|took too long|exceeded …time)\b
no_reply
  \b(connection|connect|read|socket|request|i/o|operation|dial)\b…\btime(d)?[ -]?out\b
  \bi/o timeout\b
  \bETIMEDOUT\b
  \btimed out waiting for (a |the )?(reply|response|server|connection)\b
down
  \b(service|server|backend|endpoint|gateway)\b…\b(unavailable|internal error)\b
  \b(internal server error|an internal error)\b
  \btemporarily unavailable\b
  \bbad gateway\b
  \bStatusCode\.UNAVAILABLE\b
  \bin maintenance\b
quality
  \b<test>s?\b…\b<broken>\b
  \b(response|data|quality|value|row) check\b…\b(false|failed)\b
  \bno (rows|records|data)\b…\b(for|loaded|found|returned)\b
  \brow count\b…\b(differ\w*|below|mismatch|expected|lower)\b
shape
  \bschema\b…\b(mismatch\w*|does not match|not match|incompatible|evol\w+|changed)\b
  \b(column|field|attribute|property)\b…\b(<lost>|unknown|cannot be resolved|unresolved)\b
  \b(unknown|missing|unresolved|unrecognized|invalid) (column|field|name|identifier)\b
bad_data
  \b<unable>\b (be )?(parse|decode|convert|cast|deserializ\w*|interpret)d?\b
  \b<bad>\b…\b<value>\b
  \binvalid (input syntax|literal|text representation)\b
  \bdate(time)? …out of range\b
  \bchecksums?\b…\b(differ\w*|mismatch\w*|did not match|not match)\b
  \bviolates …constraint\b
  \bout of range\b…\b(value|column|type)\b
  \bnull value\b
  \bvalue too long\b
no_package
  \bno module named\b
  \bcannot (import|find) (name|module|package)\b
  \bno package called\b
  \bcannot open shared object\b
  \bcommand not found\b
  \bexecutable\b…\bnot found\b
  \bno matching distribution\b
  \bbinary incompatib\w+
wrong_place
  <unopened>…(\.<ending>\b|(^|\s|['\"])<home>)
  (\bcd: |\.<ending>\b…)…(no such file|not found|can't open)
no_input
  \b<input>s?\b…\b<lost>\b
  \bno such (file|key|object|path|blob)\b
  \bno (files?|objects?|partitions?|input)\b…\b(found|matched|to)\b
  \bempty (file|input|directory|response)\b
"""
