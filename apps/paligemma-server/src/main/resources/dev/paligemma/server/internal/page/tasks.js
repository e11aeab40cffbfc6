// What can be asked: the prompt that a question makes, and the fields that the server takes for it.

const LANGUAGES =
  'en ar bn cs da de el es fa fi fil fr he hi hr hu id it ja ko mi nl no pl pt quz ro ru sv sw te th tr uk vi zh';

/** Codes and names of the languages that the models were trained on, English first. */
export function languages() {
  const names = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'code' });
  return LANGUAGES.split(' ')
    .map((code) => ({ code, name: names.of(code) }))
    .sort((a, b) => (a.code === 'en' ? -1 : b.code === 'en' ? 1 : a.name.localeCompare(b.name)));
}

/** The things to find in a text with commas. */
export function labels(text) {
  return text
    .split(/[,;]/)
    .map((label) => label.trim())
    .filter((label) => label !== '');
}

export function findsBoxes(task) {
  return task === 'detect' || task === 'segment';
}

/** The prompt that the server makes. */
export function prompt(question) {
  switch (question.task) {
    case 'caption':
      return `${{ short: 'cap', coco: 'caption', long: 'describe' }[question.style]} ${question.language}`;
    case 'answer':
      return `answer ${question.language} ${question.text}`;
    case 'ocr':
      return 'ocr';
    default:
      return `${question.task} ${question.labels.join(' ; ')}`;
  }
}

/** What is missing for a question, as a sentence; empty if nothing is. */
export function missing(question, pictures) {
  if (pictures.length === 0) {
    return 'Choose a picture first.';
  }
  if (question.task === 'answer' && question.text === '') {
    return 'Write a question first.';
  }
  if (findsBoxes(question.task) && question.labels.length === 0) {
    return 'Write what to find first, for example: red circle.';
  }
  return '';
}

/** The fields of a question without pictures, as pairs of name and value. */
export function fields(question) {
  const pairs = [];
  switch (question.task) {
    case 'caption':
      pairs.push(['language', question.language], ['style', question.style]);
      break;
    case 'answer':
      pairs.push(['question', question.text], ['language', question.language]);
      break;
    case 'detect':
    case 'segment':
      question.labels.forEach((label) => pairs.push(['labels', label]));
      break;
    default:
  }
  if (question.model) {
    pairs.push(['model', question.model]);
  }
  return pairs;
}
