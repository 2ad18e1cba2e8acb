import { render } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { type ConsoleModel, emptyModel } from "../src/console/model.ts";
import { unheardPart } from "../src/explain/clusterFacts.ts";
import { type Connection, follow, savedToken, saveToken } from "./connection.ts";
import { ServiceList } from "./list.tsx";
import { forget, remember } from "./memory.ts";
import { Health, Network } from "./network.tsx";
import { ServiceDetail } from "./path.tsx";
import { Pools } from "./pools.tsx";
import { Routes } from "./routes.tsx";
import { Timeline } from "./timeline.tsx";
import { filterServices, useView, ViewContext } from "./view.ts";
import { type Language, preferredLanguage, type Word, word } from "./words.ts";

const tabs = ["overview", "routes", "pools", "timeline"] as const satisfies readonly Word[];
type Tab = (typeof tabs)[number];

/** The part of the address after #: the tab, and the Service that is selected. */
function readHash(): { readonly tab: Tab; readonly selected: string } {
  const [tab = "", selected = ""] = decoded(location.hash.slice(1)).split(":");
  return { tab: tabs.find((one) => one === tab) ?? "overview", selected };
}

/** Text of an address, with what stands for other characters put back; as it is where that cannot be read. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function SignIn(props: { readonly message: string; readonly language: Language; readonly onToken: (token: string) => void }) {
  const t = (key: Word): string => word(props.language, key);
  return (
    <form
      class="sign-in"
      onSubmit={(event) => {
        event.preventDefault();
        const field = event.currentTarget.elements.namedItem("token");
        if (field instanceof HTMLInputElement && field.value.trim() !== "") props.onToken(field.value.trim());
      }}
    >
      <h1>{t("title")}</h1>
      <label for="token">{t("token")}</label>
      <input id="token" name="token" type="password" autoComplete="off" spellcheck={false} />
      <button type="submit">{t("signIn")}</button>
      <p class="detail">
        <code>{t("tokenHint")}</code>
      </p>
      {props.message === "" ? null : (
        <p class="bad" role="alert">
          {props.message}
        </p>
      )}
    </form>
  );
}

function Overview(props: {
  readonly selected: string;
  readonly onSelect: (key: string) => void;
  readonly onSearch: (query: string) => void;
}) {
  const { model, query, t } = useView();
  const { selected, onSelect, onSearch } = props;
  const services = useMemo(() => filterServices(model.services, query), [model.services, query]);
  const service = model.services.find(({ key }) => key === selected);
  return (
    <>
      <Health />
      <div class="split">
        <div class="list-pane">
          <p class="detail" aria-live="polite">
            {t("servicesOf", services.length, model.services.length)}
          </p>
          <ServiceList services={services} selected={selected} onSelect={onSelect} />
        </div>
        <div class="detail-pane">
          {service === undefined ? (
            <Network onSearch={onSearch} />
          ) : (
            <>
              <button type="button" class="back" onClick={() => onSelect("")}>
                {t("wholeNetwork")}
              </button>
              <ServiceDetail service={service} />
            </>
          )}
        </div>
      </div>
    </>
  );
}

/** Gives the newest model to a listener, once for each frame that is drawn, however fast models come. */
function onceAFrame(listener: (latest: Latest) => void): (model: ConsoleModel, arrivedAt: number) => void {
  let waiting: Latest | undefined;
  return (model, arrivedAt) => {
    if (waiting === undefined)
      requestAnimationFrame(() => {
        if (waiting !== undefined) listener(waiting);
        waiting = undefined;
      });
    waiting = { model, arrivedAt: waiting?.arrivedAt ?? arrivedAt };
  };
}

/** A model, and when the first change that it has came; in milliseconds of performance.now(). */
interface Latest {
  readonly model: ConsoleModel;
  readonly arrivedAt: number;
}

function App() {
  const [token, setToken] = useState(savedToken);
  const [connection, setConnection] = useState<Connection>({ state: token === "" ? "signedOut" : "connecting", message: "" });
  const [{ model, arrivedAt }, setLatest] = useState<Latest>({ model: emptyModel, arrivedAt: 0 });
  const [language, setLanguage] = useState(preferredLanguage);
  const [place, setPlace] = useState(readHash);
  const [query, setQuery] = useState("");
  const t = (key: Word): string => word(language, key);
  useEffect(() => {
    const onHash = (): void => setPlace(readHash());
    addEventListener("hashchange", onHash);
    return () => removeEventListener("hashchange", onHash);
  }, []);
  useEffect(() => {
    document.documentElement.lang = language === "zh" ? "zh-Hans" : "en";
    localStorage.setItem("berth-language", language);
  }, [language]);
  useEffect(() => {
    saveToken(token);
    if (token === "") return;
    const abort = new AbortController();
    const show = onceAFrame(({ model: next, arrivedAt: at }) => {
      if (!abort.signal.aborted) setLatest({ model: { ...next, timeline: remember(next.timeline) }, arrivedAt: at });
    });
    void follow(token, show, setConnection, abort.signal);
    return () => abort.abort();
  }, [token]);
  // How long a change took from its arrival until it was on the screen: to be read in the developer tools.
  useEffect(() => {
    if (arrivedAt > 0)
      requestAnimationFrame(() =>
        setTimeout(() => performance.measure("berth-update", { start: arrivedAt, end: performance.now() })),
      );
  }, [arrivedAt]);
  const go = (tab: Tab, selected: string): void => {
    location.hash = `${tab}${selected === "" ? "" : `:${selected}`}`;
  };
  const isHeard = !model.health.some(({ key }) => key === unheardPart);
  if (connection.state === "signedOut")
    return (
      <main>
        <SignIn
          message={connection.message}
          language={language}
          onToken={(next) => {
            setConnection({ state: "connecting", message: "" });
            setToken(next);
          }}
        />
      </main>
    );
  return (
    <ViewContext.Provider value={{ model, token, language, query }}>
      <button type="button" class="skip" onClick={() => document.getElementById("content")?.focus()}>
        {t("skip")}
      </button>
      <header>
        <h1>{t("title")}</h1>
        <nav aria-label={t("title")}>
          {tabs.map((tab) => (
            <a
              key={tab}
              href={`#${tab}${place.selected === "" ? "" : `:${place.selected}`}`}
              aria-current={tab === place.tab ? "page" : undefined}
            >
              {t(tab)}
            </a>
          ))}
        </nav>
        <input
          type="search"
          aria-label={t(place.tab === "routes" ? "searchRoutes" : "search")}
          placeholder={t(place.tab === "routes" ? "searchRoutes" : "search")}
          value={query}
          onInput={(event) => setQuery(event.currentTarget.value)}
        />
        <span class={connection.state === "live" && isHeard ? "good" : "warn"} role="status">
          {connection.state !== "live" ? `${t("connecting")} ${connection.message}` : isHeard ? `● ${t("live")}` : t("notLive")}
        </span>
        <button type="button" onClick={() => setLanguage(language === "zh" ? "en" : "zh")}>
          {t("language")}
        </button>
        <button
          type="button"
          onClick={() => {
            setToken("");
            forget();
            setLatest({ model: emptyModel, arrivedAt: 0 });
            setConnection({ state: "signedOut", message: "" });
          }}
        >
          {t("signOut")}
        </button>
      </header>
      <main id="content" tabIndex={-1}>
        {place.tab === "overview" ? (
          <Overview selected={place.selected} onSelect={(key) => go("overview", key)} onSearch={setQuery} />
        ) : null}
        {place.tab === "routes" ? <Routes /> : null}
        {place.tab === "pools" ? <Pools /> : null}
        {place.tab === "timeline" ? <Timeline /> : null}
      </main>
    </ViewContext.Provider>
  );
}

const root = document.getElementById("app");
if (root !== null) render(<App />, root);
