"use strict";
/* Sending with progress, dropping a folder, and live progress. Without it every page can still be read and used. */

const POLL_MS = 700;

function watchAnalyses() {
  const watched = [...document.querySelectorAll("[data-watch]")];
  if (watched.length === 0) return;
  const look = async (element) => {
    const answer = await fetch(element.dataset.watch, { cache: "no-store" });
    if (!answer.ok) return true;
    const now = await answer.json();
    if (now.state === "ready" || now.state === "failed") return true;
    show(element, now);
    return false;
  };
  const turn = async () => {
    try {
      const ended = await Promise.all(watched.map(look));
      if (ended.some(Boolean)) {
        location.reload();
        return;
      }
    } catch {
      /* the server is gone: the page stays as it is */
    }
    setTimeout(turn, POLL_MS);
  };
  setTimeout(turn, POLL_MS);
}

function show(element, now) {
  const step = element.querySelector("[data-step]");
  if (step.textContent !== now.step) step.textContent = now.step;
  const bar = element.querySelector("[data-bar]");
  const count = element.querySelector("[data-count]");
  const counts = now.total > 0 && now.done < now.total;
  if (count) count.textContent = counts ? `${now.done} of ${now.total} files` : "";
  if (!bar) return;
  if (counts) {
    bar.max = now.total;
    bar.value = now.done;
  } else {
    bar.removeAttribute("value");
  }
}

function megabytes(files) {
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}

async function filesOf(entry) {
  if (entry.isFile) return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return found;
    for (const each of some) found.push(...(await filesOf(each)));
  }
}

function prepareUpload(form) {
  const area = document.getElementById("drop");
  const status = document.getElementById("sending");
  const problem = document.getElementById("upload-problem");
  const bar = document.getElementById("sent");
  const button = form.querySelector("button[type=submit]");
  const inputs = [...area.querySelectorAll("input[type=file]")];
  let dropped = [];

  document.querySelectorAll("[data-script]").forEach((each) => { each.hidden = false; });
  const chosen = () => (dropped.length ? dropped : inputs.flatMap((input) => [...input.files]));
  const tell = () => {
    const files = chosen();
    problem.textContent = "";
    status.textContent = files.length ? `${files.length.toLocaleString("en-US")} ${files.length === 1 ? "file" : "files"}, ${megabytes(files)}` : "";
  };
  inputs.forEach((input) => input.addEventListener("change", () => {
    dropped = [];
    inputs.filter((other) => other !== input).forEach((other) => { other.value = ""; });
    tell();
  }));
  for (const name of ["dragenter", "dragover"]) {
    area.addEventListener(name, (event) => { event.preventDefault(); area.classList.add("over"); });
  }
  area.addEventListener("dragleave", () => area.classList.remove("over"));
  area.addEventListener("drop", async (event) => {
    event.preventDefault();
    area.classList.remove("over");
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry && item.webkitGetAsEntry()).filter(Boolean);
    const direct = [...event.dataTransfer.files];
    inputs.forEach((input) => { input.value = ""; });
    try {
      dropped = entries.length ? (await Promise.all(entries.map(filesOf))).flat() : direct;
    } catch {
      dropped = direct;
    }
    tell();
    button.focus();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const files = chosen();
    const refusal = refusalOf(files, form);
    if (refusal) {
      problem.textContent = refusal;
      return;
    }
    send(files);
  });

  function send(files) {
    const body = new FormData(form);
    inputs.forEach((input) => body.delete(input.name));
    files.forEach((file) => body.append("files", file, "file"));
    const request = new XMLHttpRequest();
    button.disabled = true;
    bar.hidden = false;
    problem.textContent = "";
    request.upload.addEventListener("progress", (event) => {
      bar.value = event.total ? (100 * event.loaded) / event.total : 0;
    });
    status.textContent = `Sending ${files.length.toLocaleString("en-US")} ${files.length === 1 ? "file" : "files"}`;
    request.addEventListener("load", () => {
      if (request.status < 400 || request.responseURL !== form.action) { // a refusal is answered where it was sent
        location.assign(request.responseURL);
        return;
      }
      let text = "The upload was refused.";
      try { text = JSON.parse(request.responseText).problem; } catch { /* then the general text */ }
      failed(text);
    });
    request.addEventListener("error", () => failed("The upload was interrupted. Try again."));
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/json, text/html");
    request.send(body);
  }

  function failed(text) {
    button.disabled = false;
    bar.hidden = true;
    status.textContent = "";
    problem.textContent = text;
  }
}

function refusalOf(files, form) {
  const mostFiles = Number(form.dataset.mostFiles);
  const mostBytes = Number(form.dataset.mostBytes);
  if (files.length === 0) return "Choose the plan folder or its zip file first.";
  if (files.length > mostFiles) return `More than ${mostFiles.toLocaleString("en-US")} files. Add one plan at a time.`;
  if (files.reduce((sum, file) => sum + file.size, 0) > mostBytes) return `More than ${mostBytes / 1e9} GB. Add one plan at a time.`;
  return "";
}

watchAnalyses();
const upload = document.getElementById("upload");
if (upload) prepareUpload(upload);
const mistakes = document.getElementById("mistakes");
if (mistakes) mistakes.focus();
