"""Makes secrets and the places where logs leak them. Every value is random, none is real.

Prefixes are put together from parts, so that no file here holds what a scanner takes for a leak.
"""

from __future__ import annotations

import base64
import json
import string
from collections.abc import Callable
from random import Random
from urllib.parse import quote

LETTERS = string.ascii_letters
WORD = LETTERS + string.digits
URL_SAFE = WORD + "-_"
BASE64 = WORD + "+/"
HEX = "0123456789abcdef"
UPPER = string.ascii_uppercase + "234567"
DIGITS = string.digits

Maker = Callable[[Random], str]
Context = Callable[[str], str]


def some(alphabet: str, length: int) -> Maker:
    return lambda chance: "".join(chance.choices(alphabet, k=length))


def led(*parts: str | Maker) -> Maker:
    return lambda chance: "".join(part if isinstance(part, str) else part(chance) for part in parts)


def _segment(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def json_web_token(chance: Random) -> str:
    head, body = {"alg": "RS256", "typ": "JWT"}, {"sub": some(WORD, 12)(chance), "iss": "idp"}
    return f"{_segment(head)}.{_segment(body)}.{some(URL_SAFE, 86)(chance)}"


def password(chance: Random) -> str:
    """A word, letters and digits, and a sign, as people and generators make them."""
    word = chance.choice(["Tiger", "winter", "blue", "Spark", "lake"])
    return word + some(WORD, chance.randint(4, 9))(chance) + chance.choice("!#%$*+~^")


def private_key(chance: Random) -> str:
    name = "PRIVATE" + " KEY"
    body = "\n".join(some(BASE64, 64)(chance) for _ in range(5))
    last = some(BASE64, 24)(chance) + "=="
    return f"-----BEGIN RSA {name}-----\n{body}\n{last}\n-----END RSA {name}-----"


# Known by their own form, wherever they stand.
TOKENS: dict[str, Maker] = {
    "aws access key": led("AK" + "IA", some(UPPER, 16)),
    "aws temporary key": led("AS" + "IA", some(UPPER, 16)),
    "aws session token": led("Fwo" + "GZXIvYXdzE", some(BASE64, 200)),
    "aws session token of sts": led("IQo" + "Jb3JpZ2luX2Vj", some(BASE64, 200)),
    "azure client secret": led(some(WORD, 3), "8" + "Q~", some(URL_SAFE, 34)),
    "google api key": led("AI" + "za", some(URL_SAFE, 35)),
    "google access token": led("ya" + "29.", some(URL_SAFE, 100)),
    "google client secret": led("GOC" + "SPX-", some(URL_SAFE, 28)),
    "google refresh token": led("1/" + "/0", some(URL_SAFE, 40)),
    "json web token": json_web_token,
    "slack bot token": led(
        "xo" + "xb-", some(DIGITS, 12), "-", some(DIGITS, 13), "-", some(WORD, 24)
    ),
    "slack user token": led(
        "xo" + "xp-", some(DIGITS, 12), "-", some(DIGITS, 12), "-", some(HEX, 32)
    ),
    "slack app token": led(
        "xa" + "pp-1-A", some(UPPER, 10), "-", some(DIGITS, 13), "-", some(HEX, 64)
    ),
    "github token": led("gh" + "p_", some(WORD, 36)),
    "github app token": led("gh" + "s_", some(WORD, 36)),
    "github fine token": led("github" + "_pat_", some(WORD, 22), "_", some(WORD, 59)),
    "gitlab token": led("gl" + "pat-", some(URL_SAFE, 20)),
    "gitlab deploy token": led("gl" + "dt-", some(URL_SAFE, 20)),
    "databricks token": led("da" + "pi", some(HEX, 32)),
    "dbt token": led("db" + "tc_", some(URL_SAFE, 40)),
    "snowflake token": led("ver:1-" + "hint:", some(DIGITS, 8), "-ETMsDgAAA", some(BASE64, 60)),
    "openai key": led("sk-" + "proj-", some(WORD, 20), "T3Blbk" + "FJ", some(WORD, 20)),
    "anthropic key": led("sk-" + "ant-api03-", some(URL_SAFE, 93), "AA"),
    "hugging face token": led("hf" + "_", some(LETTERS, 34)),
    "stripe key": led("sk" + "_live_", some(WORD, 24)),
    "sendgrid key": led("S" + "G.", some(URL_SAFE, 22), ".", some(URL_SAFE, 43)),
    "pypi token": led("pypi-" + "AgEIcHlwaS5vcmc", some(URL_SAFE, 70)),
    "npm token": led("np" + "m_", some(WORD, 36)),
    "docker token": led("dckr" + "_pat_", some(URL_SAFE, 27)),
    "vault token": led("hv" + "s.", some(URL_SAFE, 90)),
    "grafana token": led("gl" + "sa_", some(WORD, 32), "_", some(HEX, 8)),
    "digitalocean token": led("do" + "p_v1_", some(HEX, 64)),
    "telegram token": led(some(DIGITS, 10), ":A" + "A", some(URL_SAFE, 33)),
}

TOKEN_CONTEXTS: dict[str, Context] = {
    "alone": lambda s: s,
    "in prose": lambda s: f"the server did not accept {s} any more",
    "in quotes": lambda s: f"login with '{s}' failed",
    "assigned": lambda s: f"export SOME_VAR={s}",
    "in json": lambda s: json.dumps({"value": s, "n": 1}),
    "in escaped json": lambda s: json.dumps(json.dumps({"value": s})),
    "in a header": lambda s: f"headers: {{'X-Auth': '{s}', 'Accept': '*/*'}}",
    "as a bearer": lambda s: f"curl -H 'Authorization: Bearer {s}' https://api.example.com/v1",
    "in a query": lambda s: f"GET https://api.example.com/v1?access_token={s}&page=2 401",
    "as a user": lambda s: f"git clone https://{s}@git.example.com/data/dags.git",
    "as a password": lambda s: f"https://oauth2:{s}@git.example.com/data/dags.git",
    "in brackets": lambda s: f"(token {s}), retrying",
    "at the end": lambda s: f"invalid credentials: {s}.",
}

# Known only by where they stand.
PASSWORD_CONTEXTS: dict[str, Context] = {
    "database uri": lambda s: f"postgresql+psycopg2://etl:{s}@pg-prod.internal:5432/dwh",
    "uri in an error": lambda s: (
        f"could not connect: redshift://loader:{s}@c.redshift.aws:5439/dev"
    ),
    "uri of snowflake": lambda s: f"snowflake://SVC:{s}@xy123.eu-west-1/DB/PUBLIC?warehouse=WH",
    "uri without a user": lambda s: f"redis://:{s}@redis:6379/0",
    "uri of mongo": lambda s: f"mongodb+srv://etl:{s}@cluster0.example.net/x?retryWrites=true",
    "uri of a broker": lambda s: f"amqp://airflow:{s}@rabbit:5672//",
    "uri of basic auth": lambda s: f"GET https://svc:{s}@api.vendor.example/v1 -> 401",
    "uri with an at sign": lambda s: f"mysql://root:{s}@home{s}@10.0.3.4/db",
    "uri with a slash": lambda s: f"mysql://root:{s}/x{s}@10.0.3.4/db",
    "percent-encoded uri": lambda s: f"dsn=postgresql%3A%2F%2Fetl%3A{quote(s, safe='')}%40pg%2Fdwh",
    "two uris": lambda s: f"postgresql://a:{s}@h1:5432/x,postgresql://b:{s}@h2:5432/x",
    "airflow connection": lambda s: f"AIRFLOW_CONN_PG=postgres://u:{s}@h:5432/x",
    "airflow connection in json": lambda s: (
        f"AIRFLOW_CONN_PG='{json.dumps({'login': 'u', 'password': s})}'"
    ),
    "airflow setting": lambda s: (
        f"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=postgresql://airflow:{s}@db/a"
    ),
    "airflow secret key": lambda s: f"AIRFLOW__API__SECRET_KEY={s}",
    "airflow connection log": lambda s: (
        f"Host: pg, Port: 5432, Schema: dwh, Login: etl, Password: {s}, extra: {{}}"
    ),
    "keyword": lambda s: f"connect(host=pg user=etl password={s} dbname=dwh)",
    "python keyword": lambda s: (
        f"snowflake.connector.connect(user='ETL', password='{s}', account='xy')"
    ),
    "python dict": lambda s: f"{{'user': 'etl', 'password': '{s}', 'port': 5432}}",
    "python pair": lambda s: f"[('user', 'etl'), ('password', '{s}')]",
    "json": lambda s: json.dumps({"username": "etl", "password": s, "port": 1}),
    "compact json": lambda s: json.dumps({"client_secret": s, "n": 1}, separators=(",", ":")),
    "escaped json": lambda s: json.dumps(json.dumps({"db_password": s, "n": 1})),
    "doubly escaped json": lambda s: json.dumps(json.dumps(json.dumps({"secret": s, "n": 1}))),
    "json with spaces": lambda s: json.dumps({"password": f"two words {s}", "n": 1}),
    "yaml": lambda s: f"  password: {s}\n  user: etl",
    "ini": lambda s: f"[postgres]\npassword = {s}\n",
    "jdbc": lambda s: f"jdbc:sqlserver://h:1433;user=sa;Password={s};encrypt=true",
    "jdbc query": lambda s: (
        f"jdbc:postgresql://h/db?user=etl&password={quote(s, safe='')}&ssl=true"
    ),
    "env dump": lambda s: f"environ({{'HOME': '/root', 'PGPASSWORD': '{s}', 'LANG': 'C'}})",
    "env line": lambda s: f"DB_PASSWORD={s}",
    "export": lambda s: f"+ export SNOWSQL_PWD={s}",
    "docker env": lambda s: f"docker run -e MYSQL_ROOT_PASSWORD={s} mysql:8",
    "describe": lambda s: f"      DB_PASS:   {s}\n      DB_HOST:   pg",
    "long option": lambda s: f"tool --password {s} --db x",
    "long option with equals": lambda s: f"tool --db-password={s} --db x",
    "argument list": lambda s: f"Running: ['tool', '--password', '{s}', '--db', 'x']",
    "curl user": lambda s: f"curl -s -u etl:{s} https://api.example.com",
    "mysql": lambda s: f"mysql -h pg -u etl -p{s} dwh",
    "sshpass": lambda s: f"sshpass -p '{s}' ssh etl@host",
    "docker login": lambda s: f"docker login -u etl -p {s} registry.example.com",
    "redis-cli": lambda s: f"redis-cli -h redis -a {s} ping",
    "identified by": lambda s: f"CREATE USER etl IDENTIFIED BY '{s}'",
    "alter user": lambda s: f"ALTER ROLE etl WITH PASSWORD '{s}'",
    "copy credentials": lambda s: f"COPY INTO t CREDENTIALS=(AWS_KEY_ID='x' AWS_SECRET_KEY='{s}')",
    "redshift credentials": lambda s: (
        f"credentials 'aws_access_key_id=x;aws_secret_access_key={s}'"
    ),
    "in words": lambda s: f'Login failed for user etl with password "{s}"',
    "in an answer": lambda s: f"the password is {s} by the way",
    "xml": lambda s: f"<user>etl</user><password>{s}</password>",
    "xml attribute": lambda s: f'<server id="x" password="{s}" />',
    "header token": lambda s: f"Authorization: Token {s}{s}",
    "header basic": lambda s: (
        f"Authorization: Basic {base64.b64encode(('svc:' + s).encode()).decode()}"
    ),
    "header in a dict": lambda s: f"{{'Authorization': 'Bearer {s}{s}', 'Accept': '*/*'}}",
    "header in a pair": lambda s: f"('authorization', 'Bearer {s}{s}')",
    "api key header": lambda s: f"X-API-Key: {s}{s}",
    "private token header": lambda s: f"PRIVATE-TOKEN: {s}{s}",
    "cookie": lambda s: f"Cookie: lang=en; session={quote(s + s)}; theme=dark",
    "set-cookie": lambda s: f"set-cookie: sid={quote(s + s)}; Path=/; HttpOnly",
    "query key": lambda s: f"Poking: /data/2.5/weather?q=Portland&appid={quote(s + s)}",
    "query token": lambda s: f"https://api.example.com/y?access_token={quote(s + s)}&z=2",
    "azure sas": lambda s: (
        f"https://a.blob.core.windows.net/c?sv=2024-05-04&sp=rl&sig={quote(s + s)}"
    ),
    "presigned url": lambda s: (
        f"https://b.s3.amazonaws.com/k?X-Amz-Expires=60&X-Amz-Signature={quote(s + s)}"
    ),
    "azure account key": lambda s: (
        f"AccountName=a;AccountKey={base64.b64encode((s * 8).encode()).decode()[:86]}==;E=x"
    ),
    "spark conf of azure": lambda s: f"fs.azure.account.key.a.dfs.core.windows.net={s}{s}",
    "spark conf of s3": lambda s: f"--conf spark.hadoop.fs.s3a.secret.key={s}{s}",
    "fernet key": lambda s: (
        f"fernet_key = {base64.urlsafe_b64encode((s * 4).encode()[:32]).decode()}"
    ),
    "kubernetes secret": lambda s: (
        f"  data: {{'password': '{base64.b64encode(s.encode()).decode()}'}}"
    ),
    "slack webhook": lambda s: (
        "POST https://hooks.slack" + f".com/services/T0AB1CD2E/B0AB1CD2E/{'x' * 4}{s[:-1]}{s[:-1]}"
    ),
    "camel case": lambda s: json.dumps({"sharedAccessKey": s + s, "apiKey": s + s}),
    "telling type": lambda s: f"BadCredentials(username='x', passphrase='{s}')",
    "environment of a pod": lambda s: (
        f"{{'name': 'DB_PASSWORD', 'value': '{s}', 'value_from': None}}"
    ),
    "environment in json": lambda s: json.dumps({"name": "API_TOKEN", "value": s}),
    "environment in yaml": lambda s: f"- name: DB_PASSWORD\n  value: {s}",
    "environment object": lambda s: f"V1EnvVar(name='API_TOKEN', value='{s}')",
    "dockerfile": lambda s: f"ENV DB_PASSWORD {s}",
    "spark property": lambda s: f"spark.jdbc.password {s}",
    "assignment by key": lambda s: f"os.environ['DB_PASSWORD'] = '{s}'",
    "header as a list": lambda s: json.dumps({"Authorization": [f"Bearer {s}{s}"]}),
    "oracle": lambda s: f"sqlplus etl/{s}@//ora:1521/dwh",
    "jdbc of oracle": lambda s: f"jdbc:oracle:thin:etl/{s}@ora:1521:dwh",
    "no scheme": lambda s: f"could not reach etl:{s}@pg-prod:5432",
    "beeline": lambda s: f"beeline -u jdbc:hive2://h:10000 -n etl -p {s} -e 'show tables'",
    "sqlcmd": lambda s: f"sqlcmd -S host -U sa -P {s} -Q 'select 1'",
    "ldapsearch": lambda s: f"ldapsearch -D cn=admin -w {s} -b dc=example",
    "mongo": lambda s: f"mongosh --username etl -p {s} --host h",
    "rabbitmqctl": lambda s: f"rabbitmqctl add_user etl {s}",
    "standard input": lambda s: f"echo {s} | docker login -u etl --password-stdin",
    "netrc": lambda s: f"machine h login etl password {s}",
    "openssl": lambda s: f"openssl pkcs12 -in a.p12 -passin pass:{s}",
    "configure": lambda s: f"aws configure set aws_secret_access_key {s}{s}",
    "form": lambda s: f"grant_type=password&username=etl&password={quote(s, safe='')}",
    "prompt": lambda s: f"Password for user etl: {s}",
    "xml setting": lambda s: f'<add key="Password" value="{s}"/>',
    "functions key": lambda s: f"x-functions-key: {s}{s}",
    "suffix of the name": lambda s: f"DB_PASSWORD_PROD={s}",
    "sasl": lambda s: f'PlainLoginModule required username="u" password="{s}";',
}
