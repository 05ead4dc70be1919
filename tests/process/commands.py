"""Every command as it is typed at a face, in the order of one afternoon, and what is then on the screen.

Rule: one table for every face with windows. What is expected was not on the screen before the line was typed; blanks
and the lines between columns do not count. `{folder}` is a folder of the test's.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Row(NamedTuple):
    """One line that alice types. `bob` types his before, until alice `sees` something; then he `hears` something."""

    typed: str
    shown: str
    heard: str = ""
    bob: str = ""
    sees: str = ""


SECRET: Final = "long-secret-word"

SAID: Final = (
    Row("hello everybody", "alice hello everybody ✓", "alice: hello everybody"),
    Row("/edit hello, everybody", "alice hello, everybody (edited) ✓", "alice (edited): hello, everybody"),
    Row("/edit", "/edit ID text changes it:"),
    Row("s/, every/ any/", "alice hello anybody (edited) ✓", "alice (edited): hello anybody"),
    Row("//a slash in front", "alice /a slash in front ✓", "alice: /a slash in front"),
    Row("/grup hw3", "There is no command /grup; nothing was sent. Did you mean /group or /groups?"),
    Row("/sing", "There is no command /sing; nothing was sent."),
    Row("@bob only you two", "(Private to bob) only you two", "(Private) alice: only you two"),
    Row("@bobb who are you", "Requested user <<bobb>> not found! Please choose another. Did you mean bob?"),
    Row("@bob", "Usage: @name text"),
    Row("/msg bob a second one", "(Private to bob) a second one", "(Private) alice: a second one"),
    Row("@carol hello", "To talk openly instead: /plain carol"),
    Row("/plain @carol", "Talk openly with carol (yes or no)?"),
    Row("yes", "Your talk with carol is not encrypted"),
    Row("@bob,@carol to both of you", "(Private to carol) to both of you", "(Private) alice: to both of you"),
)

GROUPS: Final = (
    Row("/group --open hw3", "Group 'hw3' created successfully."),
    Row("who has read it?", "alice who has read it? ✓"),
    Row("/group hw3 the first page", "alice the first page ✓"),
    Row("/group nosuch words", "Cannot send message. Group 'nosuch' does not exist or you are not a member."),
    Row("/join --open hw4", "Group 'hw4' created successfully."),
    Row("/part hw4", "You left group 'hw4'."),
    Row("/create_group --open g5", "Group 'g5' created successfully."),
    Row("/join_group g5", "You are already in group 'g5'."),
    Row("/group_msg g5 all alone", "alice all alone ✓"),
    Row("/group lab", "You [lab]:"),
    Row("/group lab a secret formula", "alice a secret formula ✓"),
    Row("/invite lab bob", "bob is invited to group 'lab'."),
    Row("/focus", "hello anybody (edited) ✓"),
    Row("/groups", "hw3: 1 member (joined)"),
    Row("/members hw3", "Members of group 'hw3': alice (owner)"),
    Row("/members", "Members of group 'lobby': "),
    Row("/who", "Here now (3): alice, bob, carol"),
    Row("/whois bob", "bob (student) is online"),
    Row("/whois nosuch", "Requested user <<nosuch>> not found!"),
    Row("/topic hw3", "Group 'hw3' has no topic."),
    Row("/topic hw3 due Friday", "The topic of group 'hw3' is now: due Friday"),
    Row("/inbox", "Nothing is unread."),
)

# What those do who run a group, where it can be seen: in its window.
RUNNING: Final = (
    Row("/focus hw3", "You [hw3]:"),
    Row("/op bob", "[hw3] You set +o bob", bob="/group --open hw3", sees="bob joined the group"),
    Row("/deop bob", "[hw3] You set -o bob"),
    Row("/voice hw3 bob", "[hw3] You set +v bob"),
    Row("/devoice hw3 bob", "[hw3] You set -v bob"),
    Row("/role hw3 bob op", "bob is now op of group 'hw3'."),
    Row("/mode", "Modes of group 'hw3': +nt"),
    Row("/mode hw3 +m", "[hw3] You set +m (only those with a voice speak)"),
    Row("/mode -m", "[hw3] You set -m (no longer: only those with a voice speak)"),
    Row("/key hw3 sesame", "[hw3] You set +k sesame (a key is needed)"),
    Row("/slow hw3 5", "[hw3] You set +f 5 (5 seconds between two messages)"),
    Row("/announce hw3 on", "Only operators write to group 'hw3' now."),
    Row("/announce hw3 off", "Everybody writes to group 'hw3' again."),
    Row("/ban mallory", "[hw3] You set +bb a:mallory mallory!*@*"),
    Row("/bans", "Who is banned from group 'hw3':"),
    Row("/unban mallory", "[hw3] You set -bb a:mallory mallory!*@*"),
    Row("/kick bob", "bob was removed from group 'hw3'.", "You were removed from the group by alice"),
    Row("/rename hw3 hw9", "alice has renamed #hw3 to #hw9."),
)

FILES: Final = (
    Row("/focus @bob", "You [@bob]:"),
    Row("/file bob {folder}/notes.txt", "notes.txt: sent to @bob (600 bytes).", "File: notes.txt (600 bytes)"),
    Row("/file bob {folder}/nosuch.txt", "There is no file {folder}/nosuch.txt."),
    Row("/files", "notes.txt (600 bytes) to @bob, sent"),
    Row(
        "/get one.txt {folder}/got",
        "one.txt: received (600 bytes)",
        "",
        "/file alice {folder}/one.txt",
        "File: one.txt",
    ),
    Row(
        "/accept two.txt {folder}/got",
        "two.txt: received (600 bytes)",
        "",
        "/file alice {folder}/two.txt",
        "File: two.txt",
    ),
    Row("/get nosuch", "There is no file 'nosuch' here; /files lists them."),
    Row("/decline notes.txt", "notes.txt: taken back; who has not fetched it cannot any more."),
)

TRUST: Final = (
    Row("/verify @bob", "The same: /verify bob yes"),
    Row("/verify @bob yes", "bob is verified: your messages can be read by bob and by nobody else."),
    Row("/verify nosuch", "There is nobody named 'nosuch'."),
    Row("/compare @bob", "Waiting for bob: it is bob's turn now"),
    Row("/compare @bob no", "The comparison with bob was called off."),
    Row("/devices", "this device, may add others"),
    Row("/devices add abcd", "None of your devices is abcd; see /devices."),
    Row("/keys", "recovery code not made yet: /keys recovery"),
    Row("/keys recovery", "Your recovery code. It is shown this once"),
    Row("/keys recover", "Recovery code:"),
    Row("nothing", "A recovery code has 56 letters and digits; this one has 7."),
    Row("/e2ee", "recovery code made"),
    Row("/roster", "There are no rosters here."),
    Row("/report", "/report "),
    Row("/focus #lobby", "everybody here and the server read this"),
    Row("/report #lobby insults", "Staff have your report.", "", "an insult", "bob an insult"),
)

SELF: Final = (
    Row("/passwd", "New password:"),
    Row(SECRET, "Again:"),
    Row(SECRET, "The password is set."),
    Row("/away lunch", "You are away. /back ends it.", "alice is away: lunch"),
    Row("/back", "You are back."),
    Row("/ignore bob", "bob is ignored from now on."),
    Row("/ignore", "Ignored: bob"),
    Row("/unignore bob", "bob is shown again."),
    Row("/set", "times = stored"),
    Row("/set times always", "times = always"),
    Row("/set colour blue", "Settings are: times (stored or always)"),
    Row("/history @bob 1", "(Private) bob: File: two.txt (600 bytes)"),
    Row("/history #hw9", "[hw9] You: who has read it?"),
    Row("/search formula", "[lab] You: a secret formula"),
    Row("/explain @bob", "@bob (encrypted): accepted"),
    Row("/help group", "for example: /group hw3 who has read it?"),
    Row("/help", "/quit leave, like tata"),
)

AFTERNOON: Final = (*SAID, *GROUPS, *RUNNING, *FILES, *TRUST, *SELF)
LEAVING: Final = ("tata", "/quit")  # each ends a visit

# What `interface.md` says may be typed in a conversation.
WORDS: Final = (
    "group file msg join part groups members who whois invite topic history search files get accept decline inbox"
    " verify devices passwd report away ignore set help quit"
)


def plain(text: str) -> str:
    """What a screen shows, without its layout."""
    return " ".join(text.replace("│", " ").split())
