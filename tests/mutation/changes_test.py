"""What is changed in a line, and that nothing else is."""
import unittest

import changes
import switched


def kinds(line):
    return [(kind, new.strip()) for kind, new in changes.changes_of_line(line)]


class Lines(unittest.TestCase):
    def test_a_statement_is_dropped(self):
        self.assertIn(("drop", ""), kinds("  publish();"))
        self.assertIn(("drop", ""), kinds("  env.metrics->add(counter::acks_unknown);"))
        self.assertIn(("drop", ""), kinds("  x.stored = !rules_.durable;"))
        self.assertIn(("drop", ""), kinds("  ++restarts;"))

    def test_what_is_no_statement_of_its_own_is_not(self):
        for line in ("  return publish();", "  auto x = publish();", "  std::string why;", "  tell(self, a,",
                     "  void publish();", "// publish();", "}"):
            self.assertNotIn(("drop", ""), kinds(line), line)

    def test_a_condition_is_negated(self):
        self.assertIn(("negate", "if (!(now < due && open)) return;"), kinds("  if (now < due && open) return;"))
        self.assertIn(("negate", "} else if (!(x)) {"), kinds("  } else if (x) {"))

    def test_limits_move_by_one(self):
        self.assertIn(("swap", "if (size >= most) return false;"), kinds("  if (size > most) return false;"))
        self.assertIn(("number", "constexpr std::size_t longest = 33;"), kinds("constexpr std::size_t longest = 32;"))
        self.assertIn(("number", "milliseconds patience{15001};"), kinds("  milliseconds patience{15'000};"))
        self.assertIn(("flip", "bool held = true;"), kinds("  bool held = false;"))

    def test_text_is_left_alone(self):
        self.assertEqual(kinds('  fail("a < b && true, 7");'), [("drop", "")])
        self.assertEqual(kinds("  // as long as 1 < 2"), [])
        self.assertEqual(kinds('#include "a/b.hpp"'), [])
        self.assertEqual(kinds("  f(x); // 7 or more"), [("drop", "")])

    def test_templates_are_not_compared(self):
        self.assertEqual(kinds("  std::vector<std::string> out;"), [])


class Files(unittest.TestCase):
    TEXT = 'int f(int x) {\n  g(x);\n  return R"(\n  g(x);\n)" == x;\n}\n'

    def test_raw_strings_are_left_alone(self):
        self.assertEqual([x.line for x in changes.changes_of("a.cpp", self.TEXT)], [2])

    def test_only_that_line_changes_and_only_if_it_is_as_it_was(self):
        one = changes.changes_of("a.cpp", self.TEXT)[0]
        self.assertEqual(changes.applied(self.TEXT, one), self.TEXT.replace("  g(x);\n", "\n", 1))
        with self.assertRaises(ValueError):
            changes.applied("\n" + self.TEXT, one)

    def test_the_same_seed_chooses_the_same_and_each_line_once(self):
        text = "".join(f"  f({i});\n  if (a < {i} && b) g();\n" for i in range(50))
        all_of = changes.changes_of("a.cpp", text)
        one, two = (changes.choose(all_of, 7, 30) for _ in range(2))
        self.assertEqual(one, two)
        self.assertEqual(len({x.line for x in one}), 30)
        self.assertNotEqual(one, changes.choose(all_of, 8, 30))

    def test_a_line_more_changes_nothing_about_the_choice_of_others(self):
        text = "".join(f"  f({i});\n  g();\n" for i in range(50))
        one, two = (changes.choose(changes.changes_of("a.cpp", x), 7, 40) for x in (text, "  more();\n" + text))
        self.assertLessEqual(len({x.key() for x in one} - {x.key() for x in two}), 1)


class Switches(unittest.TestCase):
    def both(self, line, kind, new):
        return switched.switched(changes.Change("a.cpp", 1, kind, line, new), 7)

    def test_a_statement(self):
        self.assertEqual(self.both("  f(x);  // why", "drop", ""), "  { if (relay_change(7)) {  } else { f(x); } }")
        self.assertEqual(self.both("  return a < b;", "swap", "  return a <= b;"),
                         "  { if (relay_change(7)) { return a <= b; } else { return a < b; } }")

    def test_a_condition_and_what_hangs_on_it(self):
        self.assertEqual(self.both("  } else if (a) {", "negate", "  } else if (!(a)) {"),
                         "  } else if (relay_change(7) ? (!(a)) : (a)) {")
        self.assertEqual(self.both("  if (f(a)) x = a + b;", "swap", "  if (f(a)) x = a - b;"),
                         "  if (f(a)) { if (relay_change(7)) { x = a - b; } else { x = a + b; } }")
        self.assertEqual(self.both("  for (int i = 0; i < n; ++i) {", "swap", "  for (int i = 0; i <= n; ++i) {"),
                         "  for (int i = 0; relay_change(7) ? (i <= n) : (i < n); ++i) {")

    def test_a_value_wherever_it_stands(self):
        self.assertEqual(self.both("constexpr int most = 1'000;", "number", "constexpr int most = 1001;"),
                         "const int most = (relay_change(7) ? (1001) : (1'000));")
        self.assertEqual(self.both("      false, x,", "flip", "      true, x,"), "      (relay_change(7) ? (true) : (false)), x,")
        self.assertEqual(self.both("  auto x = a && b;", "swap", "  auto x = a || b;"),
                         "  auto x = relay_change(7) ? (a || b) : (a && b);")

    def test_a_part_of_a_longer_one_is_left_to_be_compiled_alone(self):
        self.assertIsNone(self.both("  return a < b &&", "swap", "  return a <= b &&"))

    def test_lines_keep_their_numbers(self):
        change = changes.changes_of("a.cpp", Files.TEXT)[0]
        lines = switched.with_switches(Files.TEXT, [(1, change)]).splitlines()
        self.assertEqual(lines[1], "#line 1")
        self.assertIn("relay_change(1)", lines[1 + change.line])


if __name__ == "__main__":
    unittest.main()
