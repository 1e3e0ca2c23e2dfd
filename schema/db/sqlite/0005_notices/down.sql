DROP TABLE notice_attempts;
DROP TABLE notices;
DROP TABLE subscription_secrets;
DROP TABLE subscriptions;
