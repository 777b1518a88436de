"""What is changed in a line, and that nothing else is."""
import random
import unittest

import changes


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
        one, two = (changes.choose(all_of, random.Random(7), 30) for _ in range(2))
        self.assertEqual(one, two)
        self.assertEqual(len({x.line for x in one}), 30)
        self.assertNotEqual(one, changes.choose(all_of, random.Random(8), 30))


if __name__ == "__main__":
    unittest.main()
