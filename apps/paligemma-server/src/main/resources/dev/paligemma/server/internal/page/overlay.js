// Draws a picture and what was found in it.

import { decode } from './rle.js';

/** Told apart also by people who see colours differently; the list repeats them beside the names. */
const COLOURS = ['#e69f00', '#0072b2', '#009e73', '#d55e00', '#cc79a7', '#56b4e9', '#f0e442', '#7b3fb5'];

const LEAST_PIXELS = 1000;
const MOST_PIXELS = 1600;

export function colour(index) {
  return COLOURS[index % COLOURS.length];
}

/** The colour of a text upon a colour. */
function ink(background) {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(background.slice(at, at + 2), 16));
  return r * 0.299 + g * 0.587 + b * 0.114 > 140 ? '#111' : '#fff';
}

/** A mask as two small pictures, the area and its edge. */
function layers(rle, css) {
  const { width, height, inside } = decode(rle);
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(css.slice(at, at + 2), 16));
  const isInside = (x, y) => x >= 0 && y >= 0 && x < width && y < height && inside[y * width + x] === 1;
  const area = new ImageData(width, height);
  const edge = new ImageData(width, height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (isInside(x, y)) {
        const at = (y * width + x) * 4;
        area.data.set([r, g, b, 255], at);
        if (!isInside(x - 1, y) || !isInside(x + 1, y) || !isInside(x, y - 1) || !isInside(x, y + 1)) {
          edge.data.set([r, g, b, 255], at);
        }
      }
    }
  }
  return [area, edge].map((data) => {
    const canvas = document.createElement('canvas');
    canvas.width = width;
    canvas.height = height;
    canvas.getContext('2d').putImageData(data, 0, 0);
    return canvas;
  });
}

export class Overlay {
  #canvas;
  #masks = new WeakMap();

  constructor(canvas) {
    this.#canvas = canvas;
  }

  /** Draws everything; things are {label, confidence, box_normalized, mask, index}, the chosen one stands out. */
  draw(picture, things, opacity, chosen) {
    const canvas = this.#canvas;
    const { width, height } = picture.bitmap;
    const longest = Math.max(width, height);
    const scale = Math.min(Math.max(longest, LEAST_PIXELS), MOST_PIXELS) / longest;
    canvas.width = Math.max(1, Math.round(width * scale));
    canvas.height = Math.max(1, Math.round(height * scale));
    const context = canvas.getContext('2d');
    context.imageSmoothingQuality = 'high';
    context.drawImage(picture.bitmap, 0, 0, canvas.width, canvas.height);
    const unit = canvas.width / (canvas.clientWidth || canvas.width);
    const rest = things.filter((thing) => thing !== chosen);
    const ordered = chosen && things.includes(chosen) ? [...rest, chosen] : rest;
    for (const thing of ordered) {
      context.globalAlpha = !chosen || thing === chosen ? 1 : 0.35;
      this.#mask(context, thing, opacity);
      this.#box(context, thing, unit);
    }
    for (const thing of ordered) {
      context.globalAlpha = !chosen || thing === chosen ? 1 : 0.35;
      this.#tag(context, thing, unit);
    }
    context.globalAlpha = 1;
  }

  /** Where a box is on the canvas: left, top, width, height. */
  #frame(thing) {
    const [left, top, right, bottom] = thing.box_normalized;
    const { width, height } = this.#canvas;
    return [left * width, top * height, (right - left) * width, (bottom - top) * height];
  }

  #mask(context, thing, opacity) {
    if (!thing.mask?.rle) {
      return;
    }
    if (!this.#masks.has(thing)) {
      this.#masks.set(thing, layers(thing.mask.rle, colour(thing.index)));
    }
    const [area, edge] = this.#masks.get(thing);
    const alpha = context.globalAlpha;
    const { width, height } = this.#canvas;
    context.globalAlpha = alpha * opacity;
    context.drawImage(area, 0, 0, width, height);
    context.globalAlpha = alpha;
    context.drawImage(edge, 0, 0, width, height);
  }

  #box(context, thing, unit) {
    const frame = this.#frame(thing);
    context.lineJoin = 'round';
    context.strokeStyle = 'rgba(0, 0, 0, 0.55)';
    context.lineWidth = 5 * unit;
    context.strokeRect(...frame);
    context.strokeStyle = colour(thing.index);
    context.lineWidth = 3 * unit;
    context.strokeRect(...frame);
  }

  #tag(context, thing, unit) {
    const [left, top, , boxHeight] = this.#frame(thing);
    const background = colour(thing.index);
    const text = thing.label;
    const size = 14 * unit;
    context.font = `600 ${size}px system-ui, sans-serif`;
    const height = size * 1.5;
    const width = Math.min(context.measureText(text).width + size, this.#canvas.width);
    const x = Math.max(0, Math.min(left - 1.5 * unit, this.#canvas.width - width));
    // Above the box if there is room, else below, else within.
    let y = top - height - 1.5 * unit;
    if (y < 0) {
      y = top + boxHeight + 1.5 * unit;
    }
    if (y + height > this.#canvas.height) {
      y = top + 1.5 * unit;
    }
    context.fillStyle = background;
    context.beginPath();
    context.roundRect(x, y, width, height, 4 * unit);
    context.fill();
    context.fillStyle = ink(background);
    context.textBaseline = 'middle';
    context.fillText(text, x + size / 2, y + height / 2 + unit * 0.5, width - size);
  }

  /** The smallest thing under the pointer. */
  at(event, things) {
    const area = this.#canvas.getBoundingClientRect();
    const x = (event.clientX - area.left) / area.width;
    const y = (event.clientY - area.top) / area.height;
    const size = ({ box_normalized: [left, top, right, bottom] }) => (right - left) * (bottom - top);
    return things
      .filter(({ box_normalized: [left, top, right, bottom] }) => x >= left && x <= right && y >= top && y <= bottom)
      .sort((a, b) => size(a) - size(b))[0];
  }
}
