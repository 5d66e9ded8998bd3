/** A link to the moment that is shown: into the page's address, onto the clipboard, and into a field to copy it from. */

/**
 * Shows a link.
 *
 * @param {object} places
 * @param {HTMLDialogElement} places.dialog
 * @param {HTMLInputElement} places.field
 * @param {HTMLElement} places.note
 * @param {string} query of the link, from its question mark on
 * @param {boolean} fromStart whether the link can bring back the weights
 */
export async function showLink({ dialog, field, note }, query, fromStart) {
  const address = new URL(query, location.href);
  // A reload of the page comes back to this moment, too.
  history.replaceState(history.state, "", address);
  field.value = address.href;
  const step = Number(address.searchParams.get("step") ?? 0).toLocaleString("en");
  const opens = fromStart
    ? `It opens this run at step ${step}, and stands there until somebody plays on.`
    : "It opens these settings from step 0: weights that were kept across a change of network fit into no link.";
  note.textContent = opens;
  if (!dialog.open) dialog.showModal();
  if (await copied(field)) note.textContent = `Copied. ${opens}`;
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
