// A person's browser, as far as signing in and deciding needs one: keeps cookies, fills in forms, follows nothing.

/** Names and values of the hidden fields of a page's first form. */
function hiddenFields(html) {
  const form = /<form[^>]*>([\s\S]*?)<\/form>/.exec(html)?.[1] ?? "";
  const plain = (text) => text.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));
  const tags = [...form.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)];
  return Object.fromEntries(tags.map(([, name, value]) => [name, plain(value)]));
}

export class Browser {
  constructor(base) {
    this.base = base;
    this.cookies = new Map();
  }

  /** A browser in which somebody signed in with a token of theirs. */
  static async signedIn(base, token) {
    const browser = new Browser(base);
    await browser.fill(await browser.open("/login"), "/login", { token });
    return browser;
  }

  /** Loads a page; a path or a whole URL of the server. */
  open(path) {
    return this.request(path, { method: "GET" });
  }

  /** Sends the first form of a page with more fields, as the page itself would. */
  fill(page, path, fields) {
    const body = new URLSearchParams({ ...hiddenFields(page.text), ...fields });
    return this.request(path, { method: "POST", body, headers: { origin: this.base } });
  }

  /** Opens a consent page and presses a button; resolves to where the browser is sent. */
  async decide(url, authorize = "1") {
    const page = await this.open(url);
    if (page.status === 303) return new URL(page.location);
    const answer = await this.fill(page, "/login/oauth/authorize", { authorize });
    if (answer.status !== 303) throw new Error(`${answer.status}: ${answer.text}`);
    return new URL(answer.location);
  }

  /** Types a device's code and decides; resolves to the page that follows. */
  async connect(userCode, authorize = "1") {
    const consent = await this.fill(await this.open("/login/device"), "/login/device", { user_code: userCode });
    return this.fill(consent, "/login/device", { authorize });
  }

  async request(path, { headers, ...options }) {
    const cookie = [...this.cookies].map((pair) => pair.join("=")).join("; ");
    const response = await fetch(new URL(path, this.base), { ...options, headers: { ...headers, cookie }, redirect: "manual" });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]*)=([^;]*)/.exec(line);
      if (value === "") this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return { status: response.status, location: response.headers.get("location"), text: await response.text(), headers: response.headers };
  }
}
