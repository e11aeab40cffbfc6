// Shows an answer as it comes: text, things that were found, times, errors.

import { colour } from './overlay.js';

const STAGES = [
  ['waited_ms', 'Waited'],
  ['preprocess_ms', 'Picture'],
  ['vision_ms', 'Vision'],
  ['prefill_ms', 'Prompt'],
  ['decode_ms', 'Writing'],
];

const element = (id) => document.getElementById(id);

export function percent(share) {
  return `${Math.round(share * 100)} %`;
}

function milliseconds(value) {
  return value >= 1000 ? `${(value / 1000).toFixed(2)} s` : `${value.toFixed(value < 10 ? 1 : 0)} ms`;
}

function create(name, className, text) {
  const created = document.createElement(name);
  if (className) {
    created.className = className;
  }
  if (text !== undefined) {
    created.textContent = text;
  }
  return created;
}

/** What becomes of a request, in a few words. */
export function state(text) {
  element('state').textContent = text;
}

/** Forgets the answer before. */
export function clear() {
  for (const id of ['error', 'text', 'found', 'raw', 'timings']) {
    element(id).hidden = true;
  }
  element('text').replaceChildren();
  element('raw-text').replaceChildren();
  element('found').replaceChildren();
}

export function error(message) {
  element('error').textContent = message;
  element('error').hidden = false;
}

/** Another piece of what the model writes. */
export function piece(text, isBoxes) {
  element(isBoxes ? 'raw' : 'text').hidden = false;
  element(isBoxes ? 'raw-text' : 'text').append(text);
}

/** The list of things; onChoose is told of the one that somebody points at, or of none. */
export function list(things, onChoose) {
  const items = things.map((thing) => {
    const item = create('li');
    const button = create('button', 'thing');
    button.type = 'button';
    const swatch = create('span', 'swatch');
    swatch.style.background = colour(thing.index);
    const said = (text) => create('span', 'off-screen', text);
    const box = create('span', 'box');
    box.append(said(', box '), thing.box.map(Math.round).join(', '));
    const sure = create('span', 'sure');
    sure.append(said(', confidence '), thing.confidence === null ? '–' : percent(thing.confidence));
    sure.title = 'Confidence';
    const meter = create('span', 'meter');
    meter.append(create('span'));
    meter.firstChild.style.width = `${(thing.confidence ?? 0) * 100}%`;
    button.append(swatch, create('span', 'label', thing.label), box, meter, sure);
    button.addEventListener('pointerenter', () => onChoose(thing));
    button.addEventListener('pointerleave', () => onChoose(null));
    button.addEventListener('focus', () => onChoose(thing));
    button.addEventListener('blur', () => onChoose(null));
    item.append(button);
    return item;
  });
  element('found').replaceChildren(...items);
  element('found').hidden = items.length === 0;
}

/** Marks the thing that somebody points at in the picture. */
export function mark(things, chosen) {
  [...element('found').children].forEach((item, i) => item.classList.toggle('chosen', things[i] === chosen));
}

/** Where the time went. */
export function timings(answer, firstMs, wholeMs) {
  const spent = STAGES.map(([name, title]) => [title, answer.timings[name] ?? 0]);
  const sum = spent.reduce((total, [, value]) => total + value, 0) || 1;
  element('bar').replaceChildren(
    ...spent.map(([, value], i) => {
      const part = create('span', `stage-${i}`);
      part.style.width = `${(value / sum) * 100}%`;
      return part;
    }),
  );
  element('legend').replaceChildren(
    ...spent.map(([title, value], i) => {
      const pair = create('div');
      const term = create('dt', '', title);
      term.prepend(create('span', `dot stage-${i}`));
      pair.append(term, create('dd', '', milliseconds(value)));
      return pair;
    }),
  );
  const { usage } = answer;
  const rate = answer.timings.decode_ms > 0 ? (usage.completion_tokens - 1) / (answer.timings.decode_ms / 1000) : 0;
  const parts = [
    `${milliseconds(wholeMs)} in this browser`,
    `first sign after ${milliseconds(firstMs)}`,
    `${usage.prompt_tokens} tokens read (${usage.image_tokens} of pictures), ${usage.completion_tokens} written`,
  ];
  if (rate > 0 && usage.completion_tokens > 3) {
    parts.push(`${Math.round(rate)} tokens a second`);
  }
  element('usage').textContent = `${parts.join(' · ')}.`;
  element('timings').hidden = false;
}
