// Keeps a page up to date. Without this script every page works the same after loading it again.
(() => {
  const source = document.body.dataset.live;
  const main = document.getElementById("content");
  const changed = document.getElementById("changed");

  // What a person has typed or opened is never taken away.
  const isBusy = () =>
    main.contains(document.activeElement) && document.activeElement !== main && !document.activeElement.matches("button.copy") ||
    [...main.querySelectorAll("textarea, input:not([type=hidden]):not([type=radio])")].some((field) => field.value !== field.defaultValue);

  // As the server wrote it: the script itself changes what is shown.
  const written = (element) => element.innerHTML.replace(/name="form_token" value="[^"]*"/g, "");
  let shown = written(main);

  const refresh = async () => {
    const response = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!response.ok) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.getElementById("content");
    const next = written(fresh);
    if (next === shown) return;
    if (isBusy()) {
      changed.hidden = false;
      return;
    }
    shown = next;
    const open = [...main.querySelectorAll("details[open][id]")].map((details) => details.id);
    main.replaceChildren(...fresh.childNodes);
    document.title = page.title;
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    prepare();
  };

  const prepare = () => {
    for (const button of main.querySelectorAll("button[data-copy-text]")) {
      if (!navigator.clipboard) break;
      button.hidden = false;
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(button.dataset.copyText);
        button.textContent = "Copied";
        setTimeout(() => (button.textContent = "Copy"), 1500);
      });
    }
    for (const button of main.querySelectorAll("button[data-copy]")) {
      button.hidden = false;
      button.addEventListener("click", () => {
        const field = document.getElementById(button.dataset.copy);
        field.value = field.dataset.original;
        field.focus();
      });
    }
  };

  prepare();
  if (source === "poll") {
    setInterval(() => document.visibilityState === "visible" && refresh().catch(() => {}), 2000);
  } else if (source) {
    let due = 0;
    const later = () => {
      clearTimeout(due);
      due = setTimeout(() => refresh().catch(() => {}), 150);
    };
    const events = new EventSource(source);
    const names = ["BLUEPRINT_PROPOSED", "STRATEGY_SPEC_PROPOSED", "RUNSPEC_COMPILED", "TRACE_PREVIEW_COMPLETED", "WAITING_APPROVAL", "APPROVED", "REJECTED",
      "RUN_COMPLETED", "GATES_COMPLETED", "REGISTRY_UPDATED", "REPORT_COMPLETED", "IMPROVEMENTS_PROPOSED", "SPAWN_REQUESTED", "SPAWNED", "STOPPED_BUDGET",
      "CANCEL_REQUESTED", "CANCELLED", "DONE", "ERROR", "RETRIED", "RERUN_REQUESTED"];
    for (const name of names) events.addEventListener(name, later);
  }
})();
