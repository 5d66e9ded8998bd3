/** A link to the moment that is shown: onto the clipboard, and into a field to copy it from. */

/**
 * Shows a link.
 *
 * @param {object} places
 * @param {HTMLDialogElement} places.dialog
 * @param {HTMLInputElement} places.field
 * @param {HTMLElement} places.note
 * @param {HTMLElement} places.copy a button
 * @param {HTMLAnchorElement} places.file
 * @param {string} query of the link, from its question mark on
 * @param {boolean} fromStart whether the link can bring back the weights
 */
export async function showLink({ dialog, field, note, copy, file }, query, fromStart) {
  field.hidden = copy.hidden = false;
  file.hidden = true;
  const address = new URL(query, location.href);
  field.value = address.href;
  const step = Number(address.searchParams.get("step") ?? 0).toLocaleString("en");
  const opens = fromStart
    ? `It opens this run at step ${step}, and stands there until somebody plays on.`
    : "It opens these settings from step 0: weights that were kept across a change of network fit into no link.";
  note.textContent = opens;
  if (!dialog.open) dialog.showModal();
  if (await copied(field)) note.textContent = `Copied. ${opens}`;
}

/** Offers a file to send, where there is too much to say for a link. */
export function offerFile({ dialog, field, note, copy, file }, content) {
  field.hidden = copy.hidden = true;
  file.hidden = false;
  URL.revokeObjectURL(file.href);
  file.href = URL.createObjectURL(new Blob([content], { type: "application/toml" }));
  note.textContent =
    "Too much was done in this run for a link. Send its file instead; whoever gets it opens it in the sidebar, under " +
    "“Save and open”.";
  if (!dialog.open) dialog.showModal();
}

/** Copies the link once more. */
export async function copyLink({ field, note }) {
  note.textContent = (await copied(field)) ? "Copied." : "Your browser keeps the clipboard to itself: copy it by hand.";
}

async function copied(field) {
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    return false; // no right to, or no secure connection
  }
}
