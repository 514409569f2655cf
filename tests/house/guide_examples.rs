//! The examples of the guide, run as they stand there: a reader copies them.

use std::collections::BTreeMap;

use axum::body::Body;
use http::Request;
use http::StatusCode;

use crate::harness::Answer;
use crate::harness::CALLBACK;
use crate::harness::House;
use crate::harness::VERIFIER;
use crate::harness::encoded;
use crate::harness::request;

type Variables = BTreeMap<&'static str, String>;

/// The `curl` commands of a chapter, as words, with variables filled in when they are run.
async fn examples(house: &House, path: &str) -> Vec<Vec<String>> {
    let page = house.get(path).await.body;
    let blocks =
        page.split("<pre><code>").skip(1).map(|rest| rest.split("</code>").next().unwrap());
    let mut commands = Vec::new();
    for block in blocks {
        let text = block.replace("&quot;", "\"").replace("&#39;", "'").replace("\\\n", " ");
        commands.extend(text.lines().filter(|line| line.starts_with("curl ")).map(words));
    }
    commands
}

/// A line of shell as words; quotes only group.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for letter in line.chars() {
        match (quote, letter) {
            (Some(open), _) if open == letter => quote = None,
            (None, '"' | '\'') => quote = Some(letter),
            (None, ' ') => words.push(String::new()),
            _ => words.last_mut().unwrap().push(letter),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn filled(word: &str, variables: &Variables) -> String {
    let mut word = word.to_owned();
    for (name, value) in variables {
        word = word.replace(&format!("${name}"), value);
    }
    assert!(!word.contains('$'), "nobody said what stands for {word}");
    word
}

/// What a command sends: `-d` and `--data-urlencode` make a form, or with `-G` a query.
fn sent(house: &House, command: &[String], variables: &Variables) -> Request<Body> {
    let (mut url, mut form, mut headers, mut asks) = (String::new(), Vec::new(), Vec::new(), false);
    let mut words = command.iter().skip(1);
    while let Some(word) = words.next() {
        let mut next = || filled(words.next().unwrap(), variables);
        match word.as_str() {
            "-d" | "--data-urlencode" => form.push(next()),
            "-H" => headers.push(next()),
            "-o" | "-w" => drop(words.next()),
            "-sG" => asks = true,
            other => url = filled(other, variables),
        }
    }
    let issuer = house.ops.settings().issuer.to_string();
    let path = url.strip_prefix(&issuer).unwrap_or_else(|| panic!("{url} is elsewhere"));
    let form: Vec<(&str, &str)> = form.iter().map(|pair| pair.split_once('=').unwrap()).collect();
    let form = encoded(&form);
    let mut request = match (asks, form.is_empty()) {
        (true, _) => request("GET", &format!("{path}?{form}")),
        (false, true) => request("GET", path),
        (false, false) => {
            request("POST", path).header("content-type", "application/x-www-form-urlencoded")
        }
    };
    for header in &headers {
        let (name, value) = header.split_once(": ").unwrap();
        request = request.header(name, value);
    }
    request.body(if asks { Body::empty() } else { Body::from(form) }).unwrap()
}

async fn run(house: &House, command: &[String], variables: &Variables) -> Answer {
    house.send(sent(house, command, variables)).await
}

#[tokio::test]
async fn the_examples_of_api_credentials_work() {
    let house = House::new().await;
    let app = house.app("api_credentials");
    let mut variables = Variables::from([
        ("CLIENT_ID", app.client_id.clone()),
        ("CLIENT_SECRET", app.client_secret.clone().unwrap()),
    ]);
    let examples = examples(&house, "/docs/api-credentials").await;
    let [token, call] = examples.as_slice() else { panic!("{examples:?}") };
    let answer = run(&house, token, &variables).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    variables.insert("TOKEN", answer.text("access_token"));
    let answer = run(&house, call, &variables).await;
    assert_eq!(answer.json()["company"]["slug"], "acme", "{answer:?}");
}

#[tokio::test]
async fn the_examples_of_oauth_work() {
    let house = House::new().await;
    let app = house.app("oauth_public");
    let mut variables = Variables::from([
        ("CLIENT_ID", app.client_id.clone()),
        ("REDIRECT_URI", CALLBACK.to_owned()),
        ("STATE", "s-1".to_owned()),
        ("VERIFIER", VERIFIER.to_owned()),
        ("CHALLENGE", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned()),
    ]);
    let examples = examples(&house, "/docs/oauth").await;
    let [authorize, exchange, refresh, revoke, by_path, by_header] = examples.as_slice() else {
        panic!("{examples:?}")
    };
    let answer = run(&house, authorize, &variables).await;
    assert!(answer.location().starts_with("/consent/"), "{answer:?}");

    let url = sent(&house, authorize, &variables).uri().to_string();
    let mut browser = house.signed_in("partner").await;
    let answer = browser.allow(&url, &house.firm(), None).await;
    variables.insert("CODE", answer.redirected("code").unwrap());
    let answer = run(&house, exchange, &variables).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    variables.insert("REFRESH_TOKEN", answer.text("refresh_token"));
    let answer = run(&house, refresh, &variables).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");

    variables.insert("TOKEN", answer.text("access_token"));
    variables.insert("COMPANY_ID", house.company("bakery"));
    for call in [by_path, by_header] {
        let answer = run(&house, call, &variables).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    }
    variables.insert("REFRESH_TOKEN", answer.text("refresh_token"));
    let answer = run(&house, revoke, &variables).await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, ""));
    let answer = run(&house, by_path, &variables).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{answer:?}");
}

#[tokio::test]
async fn the_example_of_api_tokens_works_with_any_token() {
    let house = House::new().await;
    let variables = Variables::from([("API_TOKEN", house.client_token().await)]);
    let examples = examples(&house, "/docs/api-tokens").await;
    let [call] = examples.as_slice() else { panic!("{examples:?}") };
    assert_eq!(run(&house, call, &variables).await.status, StatusCode::OK);
}
