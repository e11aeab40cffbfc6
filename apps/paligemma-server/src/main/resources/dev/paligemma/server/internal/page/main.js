// Puts the page together.

import * as api from './api.js';
import * as answer from './answer.js';
import { curl, java } from './code.js';
import { Overlay } from './overlay.js';
import * as pictures from './pictures.js';
import * as tasks from './tasks.js';

const RETRY_MS = 1000;
const MOST_PICTURES = 16;

const element = (id) => document.getElementById(id);
const overlay = new Overlay(element('canvas'));

const state = {
  info: null,
  pictures: [],
  active: null,
  things: [],
  thingsOf: null,
  chosen: null,
  running: null,
  asked: null,
};

// --- the question

function question() {
  const task = document.querySelector('input[name=task]:checked').value;
  return {
    task,
    text: element('question-text').value.trim(),
    labels: tasks.labels(element('labels').value),
    language: element('language').value,
    style: element('style').value,
    model: element('model-field').hidden ? '' : element('model').value,
  };
}

/** Boxes are about one picture, texts about all of them. */
function asksAbout(task) {
  return tasks.findsBoxes(task) ? state.pictures.filter((each) => each === state.active) : state.pictures;
}

function showQuestion() {
  const asked = question();
  for (const field of document.querySelectorAll('[data-for]')) {
    field.hidden = !field.dataset.for.split(' ').includes(asked.task);
  }
  element('prompt').textContent = tasks.prompt(asked);
  const count = asksAbout(asked.task).length;
  element('which').textContent =
    state.pictures.length < 2 ? '' : tasks.findsBoxes(asked.task) ? 'about the chosen picture' : `about all ${count} pictures`;
  element('opacity-row').hidden = asked.task !== 'segment' && !state.things.some((thing) => thing.mask);
}

// --- the pictures

function showPictures() {
  const items = state.pictures.map((picture) => {
    const item = document.createElement('li');
    const choose = document.createElement('button');
    choose.type = 'button';
    choose.className = 'thumb';
    choose.setAttribute('aria-pressed', String(picture === state.active));
    const image = new Image();
    image.src = picture.url;
    image.alt = picture.name;
    choose.append(image);
    choose.addEventListener('click', () => activate(picture));
    const remove = document.createElement('button');
    remove.type = 'button';
    remove.className = 'remove';
    remove.textContent = '×';
    remove.setAttribute('aria-label', `Remove ${picture.name}`);
    remove.addEventListener('click', () => removePicture(picture));
    item.append(choose, remove);
    return item;
  });
  element('strip').replaceChildren(...items);
  element('strip').hidden = items.length === 0 || (items.length === 1 && Boolean(state.active.sample));
  element('empty').hidden = state.active !== null;
  element('stage').classList.toggle('filled', state.active !== null);
  showQuestion();
  redraw();
}

function activate(picture) {
  state.active = picture;
  showPictures();
  showThings();
}

function removePicture(picture) {
  if (state.thingsOf === picture) {
    forgetThings();
  }
  state.pictures = state.pictures.filter((each) => each !== picture);
  if (state.active === picture) {
    state.active = state.pictures.at(-1) ?? null;
  }
  pictures.close(picture);
  showPictures();
  showThings();
  (element('strip').querySelector('[aria-pressed=true]') ?? element('files')).focus();
}

async function add(files) {
  answer.clear();
  for (const file of files) {
    try {
      const picture = await pictures.open(file);
      removeSamples();
      addPicture(picture);
    } catch (e) {
      answer.error(e.message);
    }
  }
}

/** A picture of ours makes way for another one, and for pictures of the user's. */
function removeSamples() {
  const samples = state.pictures.filter((each) => each.sample);
  state.pictures = state.pictures.filter((each) => !each.sample);
  if (samples.includes(state.thingsOf)) {
    forgetThings();
  }
  samples.forEach(pictures.close);
}

function addPicture(picture) {
  if (state.pictures.length === MOST_PICTURES) {
    pictures.close(picture);
    answer.error(`There are ${MOST_PICTURES} pictures already; remove one first.`);
    return;
  }
  state.pictures.push(picture);
  activate(picture);
}

async function addSample(sample) {
  try {
    const picture = await pictures.openSample(sample);
    removeSamples();
    answer.clear();
    answer.state('');
    element('labels').value = sample.labels;
    element('question-text').value = sample.question;
    addPicture(picture);
  } catch {
    answer.error('The picture could not be fetched from the server.');
  }
}

function showSamples() {
  element('samples').replaceChildren(
    ...pictures.SAMPLES.map((sample) => {
      const item = document.createElement('li');
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'thumb';
      const image = new Image();
      image.src = `page/${sample.file}`;
      image.alt = sample.title;
      button.append(image);
      button.addEventListener('click', () => addSample(sample));
      item.append(button);
      return item;
    }),
  );
}

// --- what was found

/** The things in the picture that is looked at. */
function shown() {
  const least = Number(element('threshold').value);
  return state.thingsOf !== state.active
    ? []
    : state.things.filter((thing) => (thing.confidence ?? 1) >= least);
}

function forgetThings() {
  state.things = [];
  state.thingsOf = null;
  state.chosen = null;
  answer.list([], choose);
}

function choose(thing) {
  if (state.chosen !== thing) {
    state.chosen = thing;
    answer.mark(shown(), thing);
    redraw();
  }
}

function redraw() {
  const canvas = element('canvas');
  if (!state.active) {
    canvas.width = 1000;
    canvas.height = 560;
    canvas.setAttribute('aria-label', 'No picture yet');
    element('sliders').hidden = true;
    return;
  }
  const things = shown();
  overlay.draw(state.active, things, Number(element('opacity').value), state.chosen);
  const names = things.map((thing) => thing.label).join(', ');
  canvas.setAttribute('aria-label', `${state.active.name}${names ? `, with boxes around: ${names}` : ''}`);
  element('sliders').hidden = state.things.length === 0 || state.thingsOf !== state.active;
}

function showThings() {
  const things = shown();
  answer.list(things, choose);
  redraw();
}

function countThings() {
  const all = state.things.length;
  const visible = state.thingsOf === state.active ? shown().length : all;
  const found = all === 0 ? 'Nothing was found.' : `${all} ${all === 1 ? 'thing' : 'things'} found.`;
  answer.state(visible === all ? found : `${found} ${visible} shown.`);
}

function slide() {
  element('threshold-value').textContent = answer.percent(Number(element('threshold').value));
  element('opacity-value').textContent = answer.percent(Number(element('opacity').value));
  showThings();
}

// --- asking

async function ask() {
  const asked = question();
  const about = asksAbout(asked.task);
  const missing = tasks.missing(asked, about);
  answer.clear();
  if (missing) {
    answer.state('');
    answer.error(missing);
    return;
  }
  const boxes = tasks.findsBoxes(asked.task);
  forgetThings();
  state.thingsOf = boxes ? state.active : null;
  state.asked = { question: asked, pictures: about };
  const aborter = new AbortController();
  state.running = aborter;
  setRunning(true);
  redraw();
  showCode();
  answer.state('The model looks at the picture …');
  const start = performance.now();
  let firstMs = null;
  try {
    const name = about.length > 1 ? 'images' : 'image';
    const fields = [...about.map((picture) => [name, picture.blob, picture.name]), ...tasks.fields(asked)];
    await api.ask(`v1/${asked.task}`, fields, aborter.signal, (event, data) => {
      firstMs ??= performance.now() - start;
      receive(event, data, boxes, firstMs, start);
    });
  } catch (e) {
    fail(e, aborter.signal);
  } finally {
    state.running = null;
    setRunning(false);
  }
}

function receive(event, data, boxes, firstMs, start) {
  if (event === 'text') {
    answer.state('The model writes …');
    answer.piece(data.text, boxes);
  } else if (event === 'detection' && state.thingsOf) {
    state.things.push({ ...data, index: state.things.length });
    showQuestion();
    showThings();
  } else if (event === 'done') {
    answer.timings(data, firstMs, performance.now() - start);
    if (boxes) {
      countThings();
    } else {
      answer.state(data.finish_reason === 'length' ? 'The limit of tokens was reached.' : 'Done.');
    }
    if (!boxes && data.text.trim() === '') {
      answer.state('The model has written nothing.');
    }
  }
}

function fail(e, signal) {
  if (signal.aborted) {
    answer.state('Cancelled.');
    return;
  }
  answer.state('');
  if (e instanceof api.Refusal && e.status === 401) {
    askForKey(e.message);
  } else if (e instanceof api.Refusal && e.status === 429) {
    answer.error(`The server is busy; try again${e.retryAfter ? ` in ${e.retryAfter} s` : ' later'}.`);
  } else if (e instanceof api.Refusal) {
    answer.error(e.message);
  } else {
    answer.error(`The server could not be reached: ${e.message}`);
  }
}

function setRunning(running) {
  element('run').disabled = running;
  element('cancel').disabled = !running;
  element('answer').setAttribute('aria-busy', String(running));
}

// --- code

function showCode() {
  if (!state.asked || !state.info) {
    return;
  }
  const form = document.querySelector('input[name=form]:checked').value;
  const { question: asked, pictures: about } = state.asked;
  element('source').firstElementChild.textContent =
    form === 'curl' ? curl(asked, about, api.hasKey()) : java(asked, about, state.info);
  element('code').hidden = false;
  element('copied').textContent = '';
}

async function copy() {
  const code = element('source').firstElementChild;
  try {
    await navigator.clipboard.writeText(code.textContent);
    element('copied').textContent = 'Copied.';
  } catch {
    // Browsers have no clipboard for pages that come by plain HTTP from another machine.
    getSelection().selectAllChildren(code);
    element('copied').textContent = document.execCommand('copy') ? 'Copied.' : 'Selected; copy it with your keyboard.';
  }
}

// --- the server

function askForKey(message) {
  element('key-form').hidden = false;
  element('key-wrong').textContent = api.hasKey() ? message : '';
  setStatus('wait', 'Needs an API key');
  element('key').focus();
}

function setStatus(kind, text) {
  element('status').dataset.state = kind;
  element('status').textContent = text;
}

async function connect() {
  try {
    show(await api.info());
  } catch (e) {
    if (e instanceof api.Refusal && e.status === 401) {
      askForKey(e.message);
      return;
    }
    const loading = e instanceof api.Refusal && e.status === 503;
    const failed = e.code === 'model_failed';
    setStatus(failed ? 'bad' : 'wait', failed ? 'The model could not be loaded' : loading ? 'The model is being loaded …' : 'Not connected, trying again …');
    setTimeout(connect, RETRY_MS);
  }
}

function show(info) {
  state.info = info;
  element('key-form').hidden = true;
  setStatus('good', `${info.model} · ${info.engine} · ${info.precision} · ${info.image_size} px`);
  element('hint').hidden = !info.bundled;
  element('about').textContent = `PaliGemma for Java, ${info.version}.`;
  const models = ['', ...info.adapters].map((name) => new Option(name || info.model, name));
  element('model').replaceChildren(...models);
  element('model-field').hidden = info.adapters.length === 0;
  for (const radio of document.querySelectorAll('input[name=task]')) {
    radio.disabled = !info.tasks.includes(radio.value);
  }
  showQuestion();
  showCode();
}

// --- beginning

function listen() {
  element('form').addEventListener('input', showQuestion);
  element('form').addEventListener('submit', (event) => {
    event.preventDefault();
    if (!state.running) {
      ask();
    }
  });
  element('cancel').addEventListener('click', () => state.running?.abort());
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') {
      state.running?.abort();
    }
  });
  element('files').addEventListener('change', async (event) => {
    await add([...event.target.files]);
    event.target.value = '';
  });
  element('stage').addEventListener('click', () => {
    if (!state.active) {
      element('files').click();
    }
  });
  document.addEventListener('paste', (event) => {
    const files = pictures.pasted(event.clipboardData);
    if (files.length > 0) {
      event.preventDefault();
      add(files);
    }
  });
  document.addEventListener('dragover', (event) => {
    event.preventDefault();
    element('stage').classList.add('over');
  });
  document.addEventListener('dragleave', () => element('stage').classList.remove('over'));
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    element('stage').classList.remove('over');
    add([...event.dataTransfer.files]);
  });
  element('threshold').addEventListener('input', slide);
  element('threshold').addEventListener('change', countThings);
  element('opacity').addEventListener('input', slide);
  element('canvas').addEventListener('pointermove', (event) => choose(overlay.at(event, shown()) ?? null));
  element('canvas').addEventListener('pointerleave', () => choose(null));
  document.querySelectorAll('input[name=form]').forEach((radio) => radio.addEventListener('change', showCode));
  element('copy').addEventListener('click', copy);
  element('key-form').addEventListener('submit', (event) => {
    event.preventDefault();
    api.useKey(element('key').value.trim());
    connect();
  });
  addEventListener('resize', redraw);
}

element('language').append(...tasks.languages().map(({ code, name }) => new Option(name, code)));
showSamples();
listen();
showQuestion();
addSample(pictures.SAMPLES[0]);
connect();
