-- Its token was sealed by no key there is.
INSERT INTO git_accounts VALUES (1, 1, 'github', 'https://api.github.com', NULL, x'01', 10);
