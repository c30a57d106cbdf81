import { render } from "preact";

import "./page.css";
import { applyStoredTheme } from "./theme.ts";
import { type PageData, pageElements } from "./page-data.ts";
import { RunApp } from "./run-app.tsx";
import { RunsApp } from "./runs-app.tsx";
import { SuiteApp } from "./suite-app.tsx";

/** Before anything is drawn, so that nothing flashes. */
applyStoredTheme();

const data = JSON.parse(document.getElementById(pageElements.data)?.textContent ?? "null") as PageData;
const place = document.getElementById("page");
if (place !== null) {
  place.replaceChildren();
  render(<App data={data} />, place);
}

function App({ data }: { readonly data: PageData }) {
  switch (data.kind) {
    case "run":
      return <RunApp data={data} />;
    case "suite":
      return <SuiteApp data={data} />;
    case "runs":
      return <RunsApp data={data} />;
  }
}
