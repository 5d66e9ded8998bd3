"""Other targets: typed and uploaded."""


def test_bad_formula_is_explained_under_its_field_while_it_is_typed(lab):
    sidebar = lab.open_sidebar()
    field = sidebar.get_by_role("textbox", name="Density to learn")
    field.fill("normal(4, -1)")
    complaint = sidebar.get_by_test_id("stAlert")
    complaint.wait_for()
    assert "expected" in complaint.text_content()
    assert complaint.bounding_box()["y"] > field.bounding_box()["y"]
    step = lab.step
    lab.wait_for_step(step + 20)
    field.fill("laplace(1, 2)")
    field.press("Enter")  # Streamlit may forget to send what is typed while it draws the page
    lab.until(lambda: "Target laplace(1, 2)" in lab.described(), "the typed target")
    complaint.wait_for(state="detached")


def test_broken_file_is_explained_and_the_page_goes_on(lab):
    sidebar = lab.open_sidebar()
    file = {"name": "broken.csv", "mimeType": "text/csv", "buffer": b"a,b\n1,2\n3\n"}
    sidebar.locator("input[type=file]").first.set_input_files(file)
    complaint = sidebar.get_by_test_id("stAlert")
    complaint.wait_for()
    assert "broken.csv" in complaint.text_content()
    lab.wait_for_step(lab.step + 20)


def test_column_of_a_file_is_seen_before_it_is_learnt(lab):
    sidebar = lab.open_sidebar()
    rows = "".join(f"{place},{place % 7}\n" for place in range(200))
    file = {"name": "good.csv", "mimeType": "text/csv", "buffer": f"a,b\n{rows}".encode()}
    sidebar.locator("input[type=file]").first.set_input_files(file)
    sidebar.get_by_text("mean 99.5").wait_for()
    sidebar.get_by_role("button", name="Learn this").click()
    lab.until(lambda: "Target 200 values." in lab.described(), "the data as the target")


def test_what_is_typed_at_the_moment_at_which_the_stage_asks_for_frames_is_not_lost(lab):
    sidebar = lab.open_sidebar()
    # All that is done within this time goes to the server as one message, as it does on a busy machine.
    lab.page.evaluate("const at = setTimeout; window.setTimeout = (does, ms, ...rest) => at(does, ms || 150, ...rest)")
    complaint = sidebar.get_by_test_id("stAlert")
    for text, state in [("normal(4, -1)", "visible"), ("normal(4, 2)", "detached")] * 4:
        field = sidebar.get_by_role("textbox", name="Density to learn")
        field.fill(text)
        field.press("Enter")
        complaint.wait_for(state=state)
    assert lab.playing
