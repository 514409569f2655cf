//! A browser: cookies, and forms as they stand on the pages.

use std::collections::BTreeMap;

use axum::body::Body;
use http::header;

use crate::harness::Answer;
use crate::harness::House;
use crate::harness::request;

/// A browser: cookies, and forms as they stand on the pages.
pub struct Browser<'h> {
    pub house: &'h House,
    pub cookies: BTreeMap<String, String>,
}

impl<'h> Browser<'h> {
    pub fn new(house: &'h House) -> Self {
        Self { house, cookies: BTreeMap::new() }
    }

    pub fn cookie_header(&self) -> String {
        let pair = |(name, value): (&String, &String)| format!("{name}={value}");
        self.cookies.iter().map(pair).collect::<Vec<_>>().join("; ")
    }

    pub fn keep(&mut self, answer: &Answer) {
        for line in answer.headers.get_all(header::SET_COOKIE) {
            let pair = line.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        let request = request("GET", path).header(header::COOKIE, self.cookie_header());
        let answer = self.house.send(request.body(Body::empty()).unwrap()).await;
        self.keep(&answer);
        answer
    }

    /// Goes where redirects lead, as long as that is here.
    pub async fn follow(&mut self, path: &str) -> (String, Answer) {
        let mut path = path.to_owned();
        for _ in 0..10 {
            let answer = self.get(&path).await;
            match answer.headers.get(header::LOCATION) {
                Some(location) if location.to_str().unwrap().starts_with('/') => {
                    path = location.to_str().unwrap().to_owned();
                }
                _ => return (path, answer),
            }
        }
        panic!("redirected for ever");
    }

    /// Sends the form with `action` that stands on `page`, with these fields filled in.
    pub async fn submit(&mut self, page: &Answer, action: &str, fields: &[(&str, &str)]) -> Answer {
        let mut form = hidden_fields(&page.body, action);
        form.retain(|(name, _)| !fields.iter().any(|(field, _)| field == name));
        form.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let form: Vec<(&str, &str)> =
            form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.post(action, &form).await
    }

    pub async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        let cookies = self.cookie_header();
        let headers = [("cookie", cookies.as_str()), ("sec-fetch-site", "same-origin")];
        let answer = self.house.post_with(path, form, &headers).await;
        self.keep(&answer);
        answer
    }

    pub async fn password(&mut self, name: &str) -> Answer {
        let user = self.house.user(name);
        let page = self.get("/sign-in").await;
        let fields = [("email", user.email.as_str()), ("password", user.password.as_str())];
        self.submit(&page, "/sign-in", &fields).await
    }

    pub async fn sign_in(&mut self, name: &str) {
        let answer = self.password(name).await;
        assert_eq!(answer.location(), "/sign-in/verify");
        let page = self.get("/sign-in/verify").await;
        let code = self.house.next_code(name);
        let answer = self.submit(&page, "/sign-in/verify", &[("code", &code)]).await;
        assert_eq!(answer.location(), "/");
    }

    /// The consent page of an authorization request.
    pub async fn consent_page(&mut self, url: &str) -> (String, Answer) {
        let (path, page) = self.follow(url).await;
        assert!(path.starts_with("/consent/"), "{path}: {page:?}");
        (path, page)
    }

    /// Allows access in `place`, with everything ticked or with `scopes`.
    pub async fn allow(&mut self, url: &str, place: &str, scopes: Option<&[&str]>) -> Answer {
        let (path, page) = self.consent_page(url).await;
        let name = self.house.guide.users.iter().find(|user| page.body.contains(&user.email));
        let name = name.unwrap().email.clone();
        let code = self.house.next_code(&name);
        self.answer(&page, &path, place, scopes, &code).await
    }

    pub async fn answer(
        &mut self,
        page: &Answer,
        path: &str,
        place: &str,
        scopes: Option<&[&str]>,
        code: &str,
    ) -> Answer {
        let listed = listed_scopes(&page.body);
        let ticked = match scopes {
            Some(scopes) => scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            None => listed,
        };
        let mut fields = vec![("context", place), ("code", code)];
        fields.extend(ticked.iter().map(|scope| ("scope", scope.as_str())));
        self.submit(page, path, &fields).await
    }
}

/// The hidden fields of the form that posts to `action`.
pub fn hidden_fields(html: &str, action: &str) -> Vec<(String, String)> {
    let marker = format!("action=\"{action}\"");
    let Some(start) = html.find(&marker) else { panic!("no form for {action} in {html}") };
    let form = &html[start..];
    let form = &form[..form.find("</form>").unwrap()];
    form.split("<input")
        .skip(1)
        .filter(|input| attribute(input, "type").as_deref() == Some("hidden"))
        .map(|input| {
            (attribute(input, "name").unwrap(), attribute(input, "value").unwrap_or_default())
        })
        .filter(|(name, _)| name != "scope")
        .collect()
}

/// The scopes that a consent page lists.
pub fn listed_scopes(html: &str) -> Vec<String> {
    html.split("<input")
        .skip(1)
        .filter(|input| attribute(input, "name").as_deref() == Some("scope"))
        .filter_map(|input| attribute(input, "value"))
        .collect()
}

/// The places that a consent page offers.
pub fn offered_places(html: &str) -> Vec<String> {
    html.split("<input")
        .skip(1)
        .filter(|input| attribute(input, "name").as_deref() == Some("context"))
        .filter_map(|input| attribute(input, "value"))
        .collect()
}

fn attribute(input: &str, name: &str) -> Option<String> {
    let tag = &input[..input.find('>')?];
    let start = tag.find(&format!("{name}=\""))? + name.len() + 2;
    let rest = &tag[start..];
    Some(rest[..rest.find('"')?].to_owned())
}
